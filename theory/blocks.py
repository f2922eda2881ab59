"""Block matrices: an expression with blocks becomes a grid of plain matrix expressions."""

from __future__ import annotations

from typing import Any

from sympy import BlockMatrix, Identity, Inverse, MatAdd, MatMul, MatPow, Trace, Transpose, ZeroMatrix

Grid = list[list[Any]]


def has_blocks(*expressions: Any) -> bool:
    """Whether block matrices occur."""
    return any(hasattr(e, "has") and e.has(BlockMatrix) for e in expressions)


def explode(expression: Any) -> Any:
    """Grid of blocks of a matrix expression; a plain matrix is returned as it is.

    Raises
    ------
    ValueError : a plain matrix (other than the identity and zero) is multiplied with or added to a block matrix.
    """
    e = expression
    if isinstance(e, BlockMatrix):
        rows, columns = e.blockshape
        return [[e.blocks[i, j] for j in range(columns)] for i in range(rows)]
    if not has_blocks(e):
        return e
    if isinstance(e, Transpose):
        inner = explode(e.arg)
        return [[inner[i][j].T for i in range(len(inner))] for j in range(len(inner[0]))]
    if isinstance(e, MatAdd):
        parts = [explode(part) for part in e.args]
        model = next(part for part in parts if isinstance(part, list))
        grids = [like(part, model) for part in parts]
        return [[_sum(grid[i][j] for grid in grids) for j in range(len(model[0]))] for i in range(len(model))]
    if isinstance(e, MatMul):
        scale = 1
        out: Any = None
        for factor in e.args:
            if not getattr(factor, "is_Matrix", False):
                scale = scale * factor
                continue
            part = explode(factor)
            out = part if out is None else _times(out, part)
        return [[scale * entry for entry in row] for row in out] if isinstance(out, list) else scale * out
    if isinstance(e, MatPow) and not isinstance(e, Inverse) and e.exp.is_Integer and e.exp > 0:
        base = out = explode(e.base)
        for _ in range(int(e.exp) - 1):
            out = _times(out, base)
        return out
    raise ValueError(f"blocks: cannot split {e}; allowed: sums, products, powers and transposes of block matrices")


def explode_trace(expression: Any) -> Any:
    """Scalar expression in which every trace of a block matrix is the sum of the traces of its diagonal blocks."""

    def split(trace: Any) -> Any:
        grid = explode(trace.arg)
        return sum(Trace(grid[i][i]) for i in range(len(grid))) if isinstance(grid, list) else trace

    return expression.xreplace({trace: split(trace) for trace in expression.atoms(Trace) if has_blocks(trace)})


def like(matrix: Any, model: Grid) -> Grid:
    """Write the identity or zero in the blocks of a model; a grid must already fit."""
    heights, widths = [row[0].rows for row in model], [entry.cols for entry in model[0]]
    if isinstance(matrix, list):
        if [row[0].rows for row in matrix] != heights or [entry.cols for entry in matrix[0]] != widths:
            raise ValueError("blocks: the block shapes of two matrices do not fit")
        return matrix
    if isinstance(matrix, MatMul) and len(matrix.args) == 2 and isinstance(matrix.args[1], Identity):
        scale, matrix = matrix.args
        return [[scale * entry for entry in row] for row in like(matrix, model)]
    if isinstance(matrix, Identity) and heights == widths:
        size = range(len(heights))
        return [[Identity(heights[i]) if i == j else ZeroMatrix(heights[i], widths[j]) for j in size] for i in size]
    if isinstance(matrix, ZeroMatrix) or matrix == 0:
        return [[ZeroMatrix(h, w) for w in widths] for h in heights]
    raise ValueError(f"blocks: {matrix} has no blocks, but stands beside a block matrix")


def _sum(parts: Any) -> Any:
    parts = list(parts)
    kept = [part for part in parts if not isinstance(part, ZeroMatrix)]
    return kept[0] if len(kept) == 1 else MatAdd(*kept) if kept else parts[0]


def _times(left: Any, right: Any) -> Any:
    if isinstance(left, Identity):
        return right
    if isinstance(right, Identity):
        return left
    if not (isinstance(left, list) and isinstance(right, list)):
        raise ValueError("blocks: a plain matrix is multiplied with a block matrix")
    if [entry.cols for entry in left[0]] != [row[0].rows for row in right]:
        raise ValueError("blocks: the block shapes of two factors do not fit")
    inner = range(len(right))
    return [[_sum(row[k] * right[k][j] for k in inner) for j in range(len(right[0]))] for row in left]
