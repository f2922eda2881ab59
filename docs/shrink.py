"""Halve PNG files wider than 1100 pixels, keeping their record: ``python shrink.py images/*.png``."""

import sys
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

WIDEST = 1100

for name in sys.argv[1:]:
    with Image.open(name) as image:
        if image.width <= WIDEST:
            continue
        record = PngInfo()
        for key, text in image.info.items():
            if isinstance(text, str):
                record.add_text(key, text)
        small = image.convert("RGB").resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)
    small.quantize(255, method=Image.Quantize.MEDIANCUT).save(name, optimize=True, pnginfo=record)
    print(name, Path(name).stat().st_size)
