"""Makes the images of this folder and pil.json, what PIL reads from them. Run with Debian 12's own Python:

    apt-get install python3-pil && /usr/bin/python3 spec/golden/images/make.py

Each file is written here and read back as torchvision's loader does, `Image.open(path).convert('RGB')`; pil.json keeps its
mode, its size and the SHA-256 of its bytes, rows of interleaved red, green and blue, or the words of PIL's refusal.
"""
import hashlib
import io
import json
import pathlib
import struct
import warnings
import zlib

from PIL import Image, ImageCms, features
import PIL

warnings.simplefilter('ignore')
HERE = pathlib.Path(__file__).resolve().parent
W, H = 21, 14
state = 1


def random_bytes(n):
    """A linear congruential sequence, the same everywhere."""
    global state
    out = bytearray()
    for _ in range(n):
        state = (state * 1103515245 + 12345) % 2**31
        out.append(state >> 16 & 255)
    return bytes(out)


def smooth(bands, w=W, h=H):
    """A gradient with a little noise: what a photograph's codec sees."""
    noise = random_bytes(w * h * bands)
    return bytes(
        min(255, (x * 255 // w * (c + 1) + y * 255 // h * (3 - c)) // 4 + noise[(y * w + x) * bands + c] // 8)
        for y in range(h) for x in range(w) for c in range(bands)
    )


def image(mode, w=W, h=H):
    return Image.frombytes(mode, (w, h), smooth(len(Image.new(mode, (1, 1)).getbands()), w, h))


def save(name, picture, **options):
    picture.save(HERE / name, **options)


def write(name, data):
    (HERE / name).write_bytes(data)


# PNG: every colour type and depth, plain and interlaced, with its palette, its transparency.
def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def packed(row, depth):
    """Samples of a row as bytes, high bits first."""
    bits = ''.join(format(v, f'0{depth}b') for v in row)
    bits += '0' * (-len(bits) % 8)
    return int(bits or '0', 2).to_bytes(len(bits) // 8, 'big')


def png(colour, depth, samples, interlaced=False, extra=b'', w=W, h=H):
    n = SAMPLES[colour]
    at = lambda x, y: samples[(y * w + x) * n:(y * w + x + 1) * n]
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    lines = b''.join(
        b'\0' + packed([v for x in range(x0, w, dx) for v in at(x, y)], depth)
        for x0, y0, dx, dy in passes if x0 < w
        for y in range(y0, h, dy)
    )
    header = struct.pack('>IIBBBBB', w, h, depth, colour, 0, 0, int(interlaced))
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + extra + chunk(b'IDAT', zlib.compress(lines))
            + chunk(b'IEND', b''))


def samples(colour, depth, w=W, h=H):
    data = random_bytes(w * h * SAMPLES[colour] * 2)
    return [int.from_bytes(data[2 * i:2 * i + 2], 'big') & (2**depth - 1) for i in range(len(data) // 2)]


NAMES = {0: 'grey', 2: 'rgb', 3: 'palette', 4: 'grey-alpha', 6: 'rgba'}
for colour, depths in {0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]}.items():
    for depth in depths:
        palette = chunk(b'PLTE', random_bytes(3 * 2**depth)) if colour == 3 else b''
        for interlaced in [False, True]:
            name = f'{NAMES[colour]}-{depth}{"-interlaced" if interlaced else ""}.png'
            write(name, png(colour, depth, samples(colour, depth), interlaced, palette))
        if colour == 0:
            key = chunk(b'tRNS', struct.pack('>H', 1))
            write(f'grey-{depth}-trns.png', png(0, depth, samples(0, depth), extra=key))
        if colour == 2:
            write(f'rgb-{depth}-trns.png', png(2, depth, samples(2, depth), extra=chunk(b'tRNS', struct.pack('>HHH', 1, 2, 3))))
        if colour == 3:
            trns = chunk(b'tRNS', random_bytes(2**depth))
            write(f'palette-{depth}-trns.png', png(3, depth, samples(3, depth), extra=palette + trns))
            write(f'palette-{depth}-trns-one.png', png(3, depth, samples(3, depth), extra=palette + chunk(b'tRNS', b'\0')))
            few = chunk(b'PLTE', random_bytes(3 * (2**depth * 2 // 3)))
            write(f'palette-{depth}-short.png', png(3, depth, samples(3, depth), extra=few))
            write(f'palette-{depth}-short-interlaced.png', png(3, depth, samples(3, depth), True, extra=few))
            write(f'palette-{depth}-short-trns.png', png(3, depth, samples(3, depth), extra=few + chunk(b'tRNS', b'\0\x80')))
clip = [v for x in range(W * H) for v in [[0, 1, 127, 128, 254, 255, 256, 257, 32767, 32768, 65535][x % 11]]]
write('grey-16-dark.png', png(0, 16, clip))
write('grey-16-dark-trns.png', png(0, 16, clip, extra=chunk(b'tRNS', struct.pack('>H', 254))))
write('grey-16-dark-interlaced-trns.png', png(0, 16, clip, True, extra=chunk(b'tRNS', struct.pack('>H', 254))))
write('rgb-8-palette-suggested.png', png(2, 8, samples(2, 8), extra=chunk(b'PLTE', random_bytes(30))))
write('rgb-8-gamma-chromaticity.png', png(2, 8, samples(2, 8), extra=chunk(b'gAMA', struct.pack('>I', 100000))
      + chunk(b'cHRM', struct.pack('>8I', 31270, 32900, 70000, 29000, 21000, 71000, 14000, 6000))))
write('rgb-8-significant-bits.png', png(2, 8, samples(2, 8), extra=chunk(b'sBIT', b'\5\6\5')))
write('grey-8-significant-bits.png', png(0, 8, samples(0, 8), extra=chunk(b'sBIT', b'\4')))
write('grey-16-significant-bits.png', png(0, 16, [v & 0xfff for v in samples(0, 16)], extra=chunk(b'sBIT', b'\x0c')))
write('rgba-8-background.png', png(6, 8, samples(6, 8), extra=chunk(b'bKGD', struct.pack('>HHH', 255, 0, 0))))
save('rgb-icc.png', image('RGB'), icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile('LAB')).tobytes())
save('animated.png', image('RGB'), save_all=True, append_images=[image('RGB')], duration=10)
save('animated-default.png', image('RGB'), save_all=True, append_images=[image('RGB')], default_image=True, duration=10)
write('one.png', png(2, 8, [1, 2, 3], w=1, h=1))
exif = Image.Exif()
exif[0x0112] = 6
save('turned.png', image('RGB'), exif=exif)

# JPEG
for w, h in [(W, H), (40, 35)]:
    for subsampling in [0, 1, 2]:
        save(f'ycc-{w}-{subsampling}.jpg', image('RGB', w, h), quality=83, subsampling=subsampling)
        save(f'ycc-{w}-{subsampling}-progressive.jpg', image('RGB', w, h), quality=60, subsampling=subsampling, progressive=True)
save('grey.jpg', image('L'), quality=80)
save('grey-progressive.jpg', image('L'), quality=80, progressive=True)
save('worst.jpg', Image.frombytes('RGB', (W, H), random_bytes(3 * W * H)), quality=5)
save('best.jpg', Image.frombytes('RGB', (W, H), random_bytes(3 * W * H)), quality=100)
save('cmyk.jpg', image('CMYK'), quality=90)
save('cmyk-progressive.jpg', image('CMYK'), quality=90, progressive=True)
save('turned.jpg', image('RGB'), exif=exif)
save('ycc-icc.jpg', image('RGB'), icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile('LAB')).tobytes())
save('cmyk-icc.jpg', image('CMYK'), icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile('LAB')).tobytes())
save('restart.jpg', image('RGB'), quality=70)


def buffer(picture, **options):
    out = io.BytesIO()
    picture.save(out, **options)
    return out.getvalue()


def segments(data):
    """The segments of a JPEG before its scan, and the rest."""
    at, out = 2, []
    while data[at + 1] != 0xDA:
        length = struct.unpack('>H', data[at + 2:at + 4])[0]
        out.append((data[at + 1], data[at:at + 2 + length]))
        at += 2 + length
    return out, data[at:]


def adobe(data, transform):
    """The same JPEG with an Adobe segment of the given transform, or with none."""
    parts, rest = segments(data)
    kept = b''.join(part for marker, part in parts if marker not in (0xE0, 0xEE))
    own = b'' if transform is None else b'\xff\xee' + struct.pack('>H', 14) + b'Adobe' + struct.pack('>HHHB', 100, 0, 0, transform)
    return data[:2] + own + kept + rest


cmyk = buffer(image('CMYK'), format='JPEG', quality=90)
for name, transform in [('none', None), ('cmyk', 0), ('ycck', 2)]:
    write(f'cmyk-adobe-{name}.jpg', adobe(cmyk, transform))
rgb = buffer(image('RGB'), format='JPEG', quality=90, subsampling=0)
for name, transform in [('none', None), ('rgb', 0), ('ycc', 1)]:
    write(f'rgb-adobe-{name}.jpg', adobe(rgb, transform))


def identified(data, ids):
    """The same JPEG, its components identified by other letters."""
    parts, rest = segments(adobe(data, None))
    out = b''
    for marker, part in parts:
        if marker == 0xC0:
            part = bytearray(part)
            for i, c in enumerate(ids):
                part[10 + 3 * i] = c
        out += bytes(part)
    rest = bytearray(rest)
    for i, c in enumerate(ids):
        rest[5 + 2 * i] = c
    return data[:2] + out + bytes(rest)


write('rgb-identified.jpg', identified(rgb, b'RGB'))
write('trailing.jpg', rgb + b'\0' * 20)


# GIF
def gif_image(pixels, w, h, interlaced, bits=8):
    """Codes of 9 bits and a clear code before the table grows: an encoder in six lines."""
    size = max(2, bits)
    rows = [pixels[y * w:(y + 1) * w] for y in range(h)]
    if interlaced:
        rows = [rows[y] for start, step in [(0, 8), (4, 8), (2, 4), (1, 2)] for y in range(start, h, step)]
    codes, clear = [], 1 << size
    for i, v in enumerate(v for row in rows for v in row):
        if i % ((1 << size) - 2) == 0:
            codes.append(clear)
        codes.append(v)
    codes.append(clear + 1)
    number = sum(code << i * (size + 1) for i, code in enumerate(codes))
    data = number.to_bytes((len(codes) * (size + 1) + 7) // 8, 'little')
    blocks = b''.join(bytes([len(data[i:i + 255])]) + data[i:i + 255] for i in range(0, len(data), 255))
    return bytes([size]) + blocks + b'\0'


def gif(name, canvas=(W, H), frame=(0, 0, W, H), bits=8, colours=None, local=None, transparent=None, interlaced=False,
        background=0, disposal=0, before=b'', values=None, after=b''):
    x, y, w, h = frame
    out = b'GIF89a' + struct.pack('<HH', *canvas)
    table = lambda data: (data, (len(data) // 3 - 1).bit_length() - 1) if data else (b'', 0)
    data, size = table(colours)
    out += bytes([(0x80 if data else 0) | 0x70 | max(size, 0), background, 0]) + data + before
    if transparent is not None or disposal:
        out += b'!\xf9\4' + bytes([disposal << 2 | int(transparent is not None)]) + struct.pack('<H', 10) + bytes([transparent or 0, 0])
    data, size = table(local)
    out += b',' + struct.pack('<HHHH', x, y, w, h) + bytes([(0x80 if data else 0) | (0x40 if interlaced else 0) | max(size, 0)]) + data
    values = values or [v & ((1 << bits) - 1) for v in random_bytes(w * h)]
    write(name, out + gif_image(values, w, h, interlaced, bits) + after + b';')


colours = random_bytes(768)
gif('plain.gif', colours=colours)
gif('interlaced.gif', colours=colours, interlaced=True)
gif('transparent.gif', colours=colours, transparent=7)
gif('transparent-few.gif', colours=colours[:12], bits=2, transparent=1)
gif('two-colours.gif', colours=colours[:6], bits=1)
gif('local.gif', colours=colours, local=random_bytes(768))
gif('local-only.gif', local=colours)
gif('no-palette.gif')
gif('grey-palette.gif', colours=bytes(v for i in range(256) for v in [i, i, i]))
gif('grey-palette-few.gif', colours=bytes(v for i in range(4) for v in [i, i, i]), bits=4)
gif('short-palette.gif', colours=colours[:48], bits=8)
gif('short-local-palette.gif', colours=colours, local=colours[3:51], bits=8)
gif('grey-local-palette.gif', colours=colours, local=bytes(v for i in range(256) for v in [i, i, i]))
gif('smaller.gif', frame=(3, 2, 9, 8), colours=colours, background=5)
gif('smaller-transparent.gif', frame=(3, 2, 9, 8), colours=colours, transparent=9, background=5)
gif('smaller-transparent-disposed.gif', frame=(3, 2, 9, 8), colours=colours, transparent=9, background=5, disposal=2)
gif('smaller-local.gif', frame=(3, 2, 9, 8), colours=colours, local=random_bytes(768), background=5)
gif('smaller-local-transparent.gif', frame=(3, 2, 9, 8), colours=colours, local=random_bytes(768), transparent=200)
gif('smaller-interlaced.gif', frame=(3, 2, 9, 8), colours=colours, interlaced=True)
gif('smaller-no-palette.gif', frame=(3, 2, 9, 8), transparent=77)
gif('smaller-no-palette-opaque.gif', frame=(3, 2, 9, 8))
gif('larger.gif', canvas=(9, 8), frame=(2, 1, W, H), colours=colours)
gif('larger-outside.gif', canvas=(9, 8), frame=(12, 10, 6, 5), colours=colours, transparent=3)
gif('zero-canvas.gif', canvas=(0, 0), colours=colours)
gif('comment.gif', colours=colours, before=b'!\xfe\5hello\0!\xff\x0bNETSCAPE2.0\3\1\0\0\0')
gif('text-extension.gif', colours=colours, before=b'!\x01\x0c' + bytes(12) + b'\2hi\0')
gif('beyond-palette.gif', colours=colours[:96], bits=6)
gif('transparent-beyond.gif', frame=(3, 2, 9, 8), colours=colours[:96], bits=5, transparent=200)
save('animated.gif', image('P'), save_all=True, append_images=[image('P'), image('P')], duration=10)
save('pil-rgb.gif', image('RGB'))
save('pil-grey.gif', image('L'))
save('pil-bits.gif', image('L').convert('1'))
gif('trailing-junk.gif', colours=colours, after=b'\0\0')

# WebP
rgba = Image.frombytes('RGBA', (W, H), random_bytes(4 * W * H))
for w, h in [(W, H), (40, 35)]:
    save(f'lossy-{w}.webp', image('RGB', w, h), quality=70)
    save(f'lossless-{w}.webp', image('RGB', w, h), lossless=True)
save('lossy-worst.webp', Image.frombytes('RGB', (W, H), random_bytes(3 * W * H)), quality=1)
save('lossy-alpha.webp', rgba, quality=70)
save('lossy-alpha-exact.webp', rgba, quality=70, exact=True)
save('lossless-alpha.webp', rgba, lossless=True)
save('lossless-alpha-exact.webp', rgba, lossless=True, exact=True)
save('lossless-grey.webp', image('L'), lossless=True)
save('lossless-palette.webp', image('L').point(lambda v: v // 64 * 64), lossless=True)
save('lossy-icc-exif.webp', image('RGB'), icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile('LAB')).tobytes(), exif=exif)
save('animated.webp', image('RGB'), save_all=True, append_images=[image('RGB'), image('RGB')], duration=10, quality=70)
save('animated-lossless.webp', image('RGB'), save_all=True, append_images=[image('RGB')], duration=10, lossless=True)
save('animated-alpha.webp', rgba, save_all=True, append_images=[Image.frombytes('RGBA', (W, H), random_bytes(4 * W * H))], duration=10, lossless=True, exact=True, background=(10, 20, 30, 255))
save('animated-alpha-lossy.webp', rgba, save_all=True, append_images=[image('RGBA')], duration=10, quality=70)
hole = Image.new('RGBA', (W, H))
hole.paste(rgba.crop((0, 0, 9, 8)), (4, 2))
save('animated-smaller.webp', hole, save_all=True, append_images=[rgba], duration=10, lossless=True, background=(10, 20, 30, 255))


def riff(*chunks):
    body = b'WEBP' + b''.join(kind + struct.pack('<I', len(data)) + data + b'\0' * (len(data) % 2) for kind, data in chunks)
    return b'RIFF' + struct.pack('<I', len(body)) + body


def frame_chunk(data, x, y, flags):
    """A WebP file's picture as a frame of an animation, at an even place."""
    body, at, parts = data[12:], 0, b''
    while at < len(body):
        size = struct.unpack('<I', body[at + 4:at + 8])[0]
        if body[at:at + 4] in (b'VP8 ', b'VP8L', b'ALPH'):
            parts += body[at:at + 8 + size + size % 2]
        at += 8 + size + size % 2
    w, h = Image.open(io.BytesIO(data)).size
    u24 = lambda n: struct.pack('<I', n)[:3]
    return u24(x // 2) + u24(y // 2) + u24(w - 1) + u24(h - 1) + u24(10) + bytes([flags]) + parts


u24 = lambda n: struct.pack('<I', n)[:3]
for name, options, has_alpha in [('lossless', {'lossless': True, 'exact': True}, True), ('lossy', {'quality': 70, 'exact': True}, True),
                                 ('opaque', {'quality': 70}, False)]:
    small = buffer(rgba.crop((0, 0, 9, 8)) if has_alpha else image('RGB', 9, 8), format='WEBP', **options)
    for flags, blend in [(0, 'blend'), (2, 'replace')]:
        write(f'framed-{name}-{blend}.webp', riff(
            (b'VP8X', bytes([2 | (0x10 if has_alpha else 0), 0, 0, 0]) + u24(W - 1) + u24(H - 1)),
            (b'ANIM', bytes([30, 20, 10, 255]) + b'\0\0'),
            (b'ANMF', frame_chunk(small, 4, 2, flags)),
            (b'ANMF', frame_chunk(small, 0, 0, flags))))


# TIFF
def tiff(width, height, data, tags, big=False, tile=None, compression=1, rows=None, planes=1, wide=False):
    """A TIFF of one page, or a BigTIFF: strips of `rows` rows or tiles, `data` a list of planes of rows of bytes."""
    e, word, header = '>' if big else '<', 'Q' if wide else 'I', 16 if wide else 8
    room, counter = (8, 'Q') if wide else (4, 'H')
    shrink = {1: lambda b: b, 8: zlib.compress, 32773: lambda b: b''.join(bytes([len(b[i:i + 128]) - 1]) + b[i:i + 128] for i in range(0, len(b), 128))}[compression]
    parts = []
    if tile:
        tw, th, bytes_per = tile
        for plane in data:
            for y in range(0, height, th):
                for x in range(0, width, tw):
                    block = b''
                    for row in range(th):
                        line = plane[y + row] if y + row < height else bytes(width * bytes_per)
                        block += line[x * bytes_per:(x + tw) * bytes_per].ljust(tw * bytes_per, b'\0')
                    parts.append(shrink(block))
    else:
        rows = rows or height
        for plane in data:
            for y in range(0, height, rows):
                strip = plane[y:y + rows]
                parts.append(b''.join(shrink(line) for line in strip) if compression == 32773 else shrink(b''.join(strip)))
    offsets, at = [], header
    for part in parts:
        offsets.append(at)
        at += len(part) + len(part) % 2
    body = b''.join(part + b'\0' * (len(part) % 2) for part in parts)
    entries = {256: (4, [width]), 257: (4, [height]), 259: (3, [compression]), **tags}
    if tile:
        entries.update({322: (4, [tile[0]]), 323: (4, [tile[1]]), 324: (4, offsets), 325: (4, [len(p) for p in parts])})
    else:
        entries.update({273: (4, offsets), 278: (4, [rows]), 279: (4, [len(p) for p in parts])})
    if planes == 2:
        entries[284] = (3, [2])
    directory = header + len(body)
    extra_at = directory + struct.calcsize(e + counter) + (4 + 2 * room) * len(entries) + room
    out, extra = struct.pack(e + counter, len(entries)), b''
    for tag in sorted(entries):
        kind, values = entries[tag]
        letter = {1: 'B', 3: 'H', 4: 'I'}[kind]
        raw = struct.pack(e + str(len(values)) + letter, *values)
        if len(raw) <= room:
            field = raw.ljust(room, b'\0')
        else:
            field = struct.pack(e + word, extra_at + len(extra))
            extra += raw + b'\0' * (len(raw) % 2)
        out += struct.pack(e + 'HH' + word, tag, kind, len(values)) + field
    out += struct.pack(e + word, 0)
    start = (b'MM' if big else b'II') + struct.pack(e + 'H', 43 if wide else 42)
    return start + (struct.pack(e + 'HH', 8, 0) if wide else b'') + struct.pack(e + word, directory) + body + out + extra


def lines(values, samples, depth, big, w=W, h=H):
    """Rows of bytes of interleaved samples."""
    out = []
    for y in range(h):
        row = values[y * w * samples:(y + 1) * w * samples]
        if depth < 8:
            out.append(packed(row, depth))
        elif depth == 8:
            out.append(bytes(row))
        else:
            out.append(struct.pack(('>' if big else '<') + str(len(row)) + {16: 'H', 32: 'I'}[depth], *row))
    return out


def numbers(n, depth):
    data = random_bytes(n * 4)
    return [int.from_bytes(data[4 * i:4 * i + 4], 'big') & (2**depth - 1) for i in range(n)]


def plain(name, photometric, samples, depth, big=False, extra=None, format=None, values=None, colours=None, more=None, **options):
    values = values if values is not None else numbers(W * H * samples, depth)
    tags = {258: (3, [depth] * samples), 262: (3, [photometric]), 277: (3, [samples])}
    if extra is not None:
        tags[338] = (3, extra)
    if format is not None:
        tags[339] = (3, [format] * samples)
    if colours is not None:
        tags[320] = (3, colours)
    tags.update(more or {})
    if options.get('planes') == 2:
        data = [lines(values[c::samples], 1, depth, big) for c in range(samples)]
    else:
        data = [lines(values, samples, depth, big)]
    write(name, tiff(W, H, data, tags, big, **options))


for big in [False, True]:
    end = '-big' if big else ''
    for photometric, kind in [(0, 'white'), (1, 'black')]:
        for depth in [1, 2, 4, 8, 16, 32]:
            plain(f'{kind}-{depth}{end}.tif', photometric, 1, depth, big)
    for depth in [1, 2, 4, 8]:
        plain(f'palette-{depth}{end}.tif', 3, 1, depth, big, colours=numbers(3 * 2**depth, 16))
    for depth in [8, 16]:
        plain(f'rgb-{depth}{end}.tif', 2, 3, depth, big)
        plain(f'grey-alpha-{depth}{end}.tif', 1, 2, depth, big, extra=[2])
        plain(f'cmyk-{depth}{end}.tif', 5, 4, depth, big)
        for extra in [0, 1, 2]:
            plain(f'rgba-{depth}-{extra}{end}.tif', 2, 4, depth, big, extra=[extra])
        plain(f'rgba-{depth}-unsaid{end}.tif', 2, 4, depth, big)
    plain(f'dark-16{end}.tif', 1, 1, 16, big, values=clip)
    plain(f'dark-16-white{end}.tif', 0, 1, 16, big, values=clip)
    plain(f'signed-16{end}.tif', 1, 1, 16, big, format=2)
    plain(f'signed-16-dark{end}.tif', 1, 1, 16, big, format=2, values=clip)
    plain(f'dark-32{end}.tif', 1, 1, 32, big, values=[v * v * v & 0xffffffff for v in clip])
    plain(f'signed-32{end}.tif', 1, 1, 32, big, format=2)
    floats = [struct.unpack('>I', struct.pack('>f', v))[0] for i in range(W * H) for v in [[-1, 0, 0.4, 0.5, 0.6, 1, 1.5, 127.5, 254.99, 255, 256, 1e9, -1e9][i % 13]]]
    plain(f'float-32{end}.tif', 1, 1, 32, big, format=3, values=floats)
    plain(f'float-32-white{end}.tif', 0, 1, 32, big, format=3, values=floats)
for compression, name in [(8, 'deflate'), (32773, 'packbits')]:
    plain(f'rgb-8-{name}.tif', 2, 3, 8, compression=compression, rows=5)
    plain(f'rgb-16-{name}.tif', 2, 3, 16, compression=compression, rows=5)
    plain(f'rgb-16-{name}-big.tif', 2, 3, 16, big=True, compression=compression, rows=5)
    plain(f'black-16-{name}.tif', 1, 1, 16, compression=compression, values=clip)
    plain(f'black-16-{name}-big.tif', 1, 1, 16, big=True, compression=compression, values=clip)
    plain(f'white-16-{name}.tif', 0, 1, 16, compression=compression, values=clip)
    plain(f'black-4-{name}.tif', 1, 1, 4, compression=compression)
    plain(f'white-1-{name}.tif', 0, 1, 1, compression=compression)
    plain(f'palette-8-{name}.tif', 3, 1, 8, compression=compression, colours=numbers(768, 16))
    plain(f'palette-4-{name}.tif', 3, 1, 4, compression=compression, colours=numbers(48, 16))
    plain(f'cmyk-8-{name}.tif', 5, 4, 8, compression=compression)
    plain(f'rgba-8-1-{name}.tif', 2, 4, 8, extra=[1], compression=compression)
    plain(f'rgba-8-2-{name}.tif', 2, 4, 8, extra=[2], compression=compression)
    plain(f'float-32-{name}.tif', 1, 1, 32, format=3, values=floats, compression=compression)
    plain(f'rgb-8-planes-{name}.tif', 2, 3, 8, planes=2, compression=compression)
for big in [False, True]:
    end = '-big' if big else ''
    plain(f'wide-rgb-8{end}.tif', 2, 3, 8, big, wide=True)
    plain(f'wide-dark-16{end}.tif', 1, 1, 16, big, values=clip, wide=True)
    plain(f'wide-palette-8{end}.tif', 3, 1, 8, big, colours=numbers(768, 16), wide=True, rows=5)
    plain(f'wide-cmyk-8-deflate{end}.tif', 5, 4, 8, big, compression=8, wide=True)
plain('rgb-8-tiled.tif', 2, 3, 8, tile=(16, 16, 3))
plain('rgb-8-tiled-deflate.tif', 2, 3, 8, tile=(16, 16, 3), compression=8)
plain('black-8-tiled.tif', 1, 1, 8, tile=(16, 16, 1))
plain('black-16-tiled.tif', 1, 1, 16, values=clip, tile=(16, 16, 2))
plain('cmyk-8-tiled.tif', 5, 4, 8, tile=(16, 16, 4))
plain('palette-8-tiled.tif', 3, 1, 8, tile=(16, 16, 1), colours=numbers(768, 16))
plain('rgb-8-planes.tif', 2, 3, 8, planes=2)
plain('rgb-8-planes-strips.tif', 2, 3, 8, planes=2, rows=3)
plain('rgb-16-planes.tif', 2, 3, 16, planes=2)
plain('rgba-8-2-planes.tif', 2, 4, 8, planes=2, extra=[2])
plain('rgb-8-strips.tif', 2, 3, 8, rows=3)
plain('white-1-fill.tif', 0, 1, 1, more={266: (3, [2])})
plain('black-4-fill.tif', 1, 1, 4, more={266: (3, [2])})
plain('rgb-8-fill.tif', 2, 3, 8, more={266: (3, [2])})
plain('lab-8.tif', 8, 3, 8)
plain('ycc-8.tif', 6, 3, 8, more={530: (3, [1, 1])})
plain('ycc-8-deflate.tif', 6, 3, 8, more={530: (3, [1, 1])}, compression=8)
plain('grey-alpha-8-unsaid.tif', 1, 2, 8)
plain('grey-alpha-8-0.tif', 1, 2, 8, extra=[0])
plain('grey-alpha-8-1.tif', 1, 2, 8, extra=[1])
plain('palette-alpha-8.tif', 3, 2, 8, extra=[2], colours=numbers(768, 16))
plain('palette-8-bytes.tif', 3, 1, 8, colours=numbers(768, 8))
plain('cmyka-8.tif', 5, 5, 8, extra=[0])
plain('rgbxx-8.tif', 2, 5, 8, extra=[0, 0])
plain('double-64.tif', 1, 1, 32, format=4)
plain('predictor-8.tif', 2, 3, 8, more={317: (3, [2])}, compression=8)
plain('predictor-16.tif', 2, 3, 16, more={317: (3, [2])}, compression=8)
plain('predictor-16-grey.tif', 1, 1, 16, more={317: (3, [2])}, compression=8)
plain('predictor-float.tif', 1, 1, 32, format=3, values=floats, more={317: (3, [3])}, compression=8)
for orientation in range(1, 9):
    plain(f'orientation-{orientation}.tif', 2, 3, 8, more={274: (3, [orientation])})
plain('orientation-6-grey-16.tif', 1, 1, 16, values=clip, more={274: (3, [6])})
plain('orientation-6-deflate.tif', 2, 3, 8, more={274: (3, [6])}, compression=8)
plain('orientation-6-cmyk.tif', 5, 4, 8, more={274: (3, [6])})
plain('orientation-9.tif', 2, 3, 8, more={274: (3, [9])})
for mode in ['1', 'L', 'P', 'RGB', 'RGBA', 'CMYK', 'LA', 'I;16', 'I', 'F', 'YCbCr', 'LAB']:
    picture = {
        'P': lambda: image('RGB').quantize(100), '1': lambda: image('L').convert('1'),
        'I;16': lambda: Image.frombytes('I;16', (W, H), b''.join(struct.pack('<H', v) for v in clip)),
        'I': lambda: Image.frombytes('I', (W, H), b''.join(struct.pack('<i', v - 50) for v in clip)),
        'F': lambda: Image.frombytes('F', (W, H), b''.join(struct.pack('<f', v / 3) for v in clip)),
    }.get(mode, lambda: image(mode))()
    for compression in ['raw', 'tiff_lzw', 'tiff_adobe_deflate', 'packbits', 'jpeg', 'group3', 'group4', 'tiff_lzma', 'zstd', 'webp']:
        if compression == 'jpeg' and mode not in ('L', 'RGB', 'CMYK', 'YCbCr'):
            continue
        if compression.startswith('group') and mode != '1':
            continue
        if compression in ('tiff_lzma', 'zstd', 'webp') and mode not in ('L', 'RGB'):
            continue
        try:
            save(f'pil-{mode.replace(";", "").lower()}-{compression}.tif', picture, compression=None if compression == 'raw' else compression)
        except Exception as error:
            (HERE / f'pil-{mode.replace(";", "").lower()}-{compression}.tif').unlink(missing_ok=True)
            print('not written:', mode, compression, error)
save('pages.tif', image('RGB'), save_all=True, append_images=[image('L'), image('RGB', 5, 5)])
save('turned.tif', image('RGB'), exif=exif)

found = {}
for path in sorted(HERE.iterdir()):
    if path.suffix[1:] not in ('png', 'jpg', 'gif', 'webp', 'tif'):
        continue
    try:
        with Image.open(path) as picture:
            mode = picture.mode
            rgb = picture.convert('RGB')
        data = rgb.tobytes()
        found[path.name] = {'mode': mode, 'size': list(rgb.size), 'sha256': hashlib.sha256(data).hexdigest()}
    except Exception as error:
        found[path.name] = {'refusal': f'{type(error).__name__}: {error}'.replace(str(HERE) + '/', '')}
about = {'PIL': PIL.__version__, **{name: features.version(name) for name in ['jpg', 'libtiff', 'webp', 'zlib']}}
(HERE / 'pil.json').write_text(json.dumps({'made with': about, 'images': found}, indent=1) + '\n')
print(len(found), 'images')
