#!/usr/bin/env python3
"""Makes the goldens of this folder with Pillow (13.0.0, libjpeg-turbo 3.2.0), apart from any code of the project.

  python3 make_fixtures.py PORTRAIT.jpg                       all pictures, decoded pixels, resized pixels
  python3 make_fixtures.py --hashes FOLDER_WITH_PICTURES ...  lines for hashes.tsv

PORTRAIT was collins_scene.jpg of the sample pictures (public domain). `.rgb` files are rows of R, G, B; `.luma`
files rows of one byte. `.jpg` and `.png` pictures `x` have their pixels in `x.rgb`.
"""
import struct
import sys
import zlib
from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return "%016x" % value


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, color, interlace, raw):
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def adam7(picture):
    """An interlaced PNG, which Pillow reads but does not write."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    raw = b""
    for x0, y0, dx, dy in passes:
        for y in range(y0, picture.height, dy):
            row = b"".join(bytes(picture.getpixel((x, y))) for x in range(x0, picture.width, dx))
            if row:
                raw += b"\0" + row
    return png(picture.width, picture.height, 8, 2, 1, raw)


def decoded(name):
    (HERE / (name + ".rgb")).write_bytes(Image.open(HERE / name).convert("RGB").tobytes())


def jpegs(small):
    grey, exif = small.convert("L"), Image.Exif()
    exif[0x0112] = 6  # "turn it", which nobody here does
    small.save(HERE / "420.jpg", quality=85, subsampling="4:2:0")
    small.save(HERE / "422.jpg", quality=90, subsampling="4:2:2")
    small.save(HERE / "444.jpg", quality=95, subsampling="4:4:4", exif=exif)
    small.save(HERE / "progressive.jpg", quality=85, progressive=True)
    grey.save(HERE / "grey.jpg", quality=85)
    for name in ["420.jpg", "422.jpg", "444.jpg", "progressive.jpg", "grey.jpg"]:
        decoded(name)
    small.convert("CMYK").save(HERE / "cmyk.jpg", quality=85)


def wide(portrait):
    """Of a size in whole blocks, for decoding at a smaller scale."""
    portrait.resize((192, 128), Image.LANCZOS).save(HERE / "wide.jpg", quality=85)
    quarter = Image.open(HERE / "wide.jpg")
    quarter.draft("RGB", (48, 32))
    assert quarter.size == (48, 32)
    (HERE / "wide_quarter_40x28.rgb").write_bytes(quarter.resize((40, 28), Image.BILINEAR).tobytes())


def pngs(small):
    small.save(HERE / "rgb.png")
    small.convert("L").save(HERE / "grey.png")
    small.quantize(64).save(HERE / "palette.png")
    (HERE / "interlaced.png").write_bytes(adam7(small))
    for name in ["rgb.png", "grey.png", "palette.png", "interlaced.png"]:
        decoded(name)
    holes = small.convert("L").point(lambda v: 255 if v > 90 else 0)
    transparent = small.copy()
    transparent.putalpha(holes)
    transparent.save(HERE / "alpha.png")
    white = Image.new("RGBA", small.size, (255, 255, 255, 255))
    (HERE / "alpha.png.rgb").write_bytes(Image.alpha_composite(white, transparent).convert("RGB").tobytes())
    grey = small.convert("L")
    rows = [b"\0" + b"".join(bytes([v, v]) for v in grey.crop((0, y, grey.width, y + 1)).tobytes())
            for y in range(grey.height)]
    (HERE / "grey16.png").write_bytes(png(grey.width, grey.height, 16, 0, 0, b"".join(rows)))
    (HERE / "grey16.png.rgb").write_bytes(grey.convert("RGB").tobytes())


def resized(scene):
    (HERE / "scene_97x61.rgb").write_bytes(scene.tobytes())
    for size in [(24, 24), (97, 61), (110, 70), (97, 20), (5, 64), (3, 2), (1, 1)]:
        pixels = scene.resize(size, Image.BILINEAR)
        (HERE / ("resized_%dx%d.rgb" % size)).write_bytes(pixels.tobytes())
    crop = scene.crop((24, 0, 73, 61)).resize((32, 32), Image.BILINEAR)
    (HERE / "resized_crop_24_0_73_61_32x32.rgb").write_bytes(crop.tobytes())
    for size in [(24, 24), (110, 70)]:
        pixels = scene.convert("L").resize(size, Image.BILINEAR)
        (HERE / ("resized_%dx%d.luma" % size)).write_bytes(pixels.tobytes())


def hashes(folders):
    print("# picture, FNV-1a of the decoded RGB, FNV-1a of the int8 input of 224x224 (value - 128)")
    for folder in map(Path, folders):
        for path in sorted(folder.glob("*.jpg"))[:20]:
            picture = Image.open(path).convert("RGB")
            small = picture.resize((224, 224), Image.BILINEAR)
            name = str(path).split("shared/")[-1]
            print(name, fnv1a(picture.tobytes()), fnv1a(bytes((v + 128) & 255 for v in small.tobytes())), sep="\t")


def main():
    if sys.argv[1] == "--hashes":
        return hashes(sys.argv[2:])
    portrait = Image.open(sys.argv[1]).convert("RGB")
    scene = portrait.resize((97, 61), Image.LANCZOS)
    small = portrait.resize((45, 37), Image.LANCZOS)
    jpegs(small)
    wide(portrait)
    pngs(small)
    resized(scene)


if __name__ == "__main__":
    main()
