"""The experiment as a picture: for each network size, accuracy, memory and time of its forms, ours and TensorFlow Lite's."""

OURS, THEIRS, INK, FAINT, ORIGINAL = "#1f6feb", "#b8c7dc", "#1f2328", "#8b949e", "#cf222e"
# What the experiment recorded of its ResNet50, before and after dynamic range quantization.
EXPERIMENT = {
    "bytes": {"float32": 94e6, "dynamic": 23e6},
    "accuracy": {"float32": 90.7, "dynamic": 91.89},
    "memory": {"float32": 104, "dynamic": 25},
}
PANELS = [
    ("file, MB", "bytes", "bytes", lambda value: value / 1e6, 1),
    ("accuracy, %", "accuracy", "accuracy", lambda value: value, 2),
    ("memory, MB", "memory", "litert memory", lambda value: value, 1),
    ("time, float32 in maskd = 1", "time", "litert time", lambda value: value, 2),
]
LEFT, PANEL, GAP, ROW, TOP, BAR = 70, 190, 44, 46, 62, 15


def text(x, y, words, color=INK, size=12, anchor="start", weight="normal"):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{color}" font-size="{size}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{words}</text>'
    )


def bar(x, y, length, color):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(length, 1):.1f}" height="{BAR}" rx="2" fill="{color}"/>'


def mark(x, y):
    return f'<path d="M{x:.1f} {y - 6:.1f}l6 6-6 6-6-6z" fill="none" stroke="{ORIGINAL}" stroke-width="2"/>'


def panel(x, y, what, forms, ours, theirs, with_experiment):
    title, key, their_key, convert, digits = what
    start = 80.0 if key == "accuracy" else 0.0
    pairs = [(ours[form][key], ours[form].get(their_key) if their_key != key else theirs[form][key]) for form in forms]
    marks = EXPERIMENT.get(key, {}) if with_experiment else {}
    largest = 100.0 if key == "accuracy" else max(convert(v) for v in [*sum(pairs, ()), *marks.values()] if v is not None)
    scale = (PANEL - 46) / (largest - start)
    parts = [text(x, y - 12, title + (" (from 80)" if start else ""), FAINT)]
    for index, (form, pair) in enumerate(zip(forms, pairs)):
        top = y + index * ROW
        for place, (value, color) in enumerate(zip(pair, (OURS, THEIRS))):
            if value is None:
                continue
            length, height = (convert(value) - start) * scale, top + place * (BAR + 2)
            parts.append(bar(x, height, length, color))
            parts.append(text(x + length + 5, height + BAR - 3.5, f"{convert(value):.{digits}f}", size=11))
        if form in marks:
            parts.append(mark(x + (convert(marks[form]) - start) * scale, top + BAR + 1))
    return parts


def draw(networks, forms):
    """`networks`: title, our figures by form, those of TensorFlow Lite by form."""
    block = TOP + len(forms) * ROW
    width, height = LEFT + len(PANELS) * (PANEL + GAP), len(networks) * block + 50
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="system-ui, sans-serif">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for row, (title, ours, theirs) in enumerate(networks):
        y = row * block + TOP
        parts.append(text(10, y - 34, title, size=15, weight="bold"))
        for index, form in enumerate(forms):
            parts.append(text(LEFT - 10, y + index * ROW + BAR + 5, form, anchor="end"))
        for column, what in enumerate(PANELS):
            parts += panel(LEFT + column * (PANEL + GAP), y, what, forms, ours, theirs, row == 0)
    y = height - 22
    legend = [(OURS, "maskd"), (THEIRS, "TensorFlow Lite")]
    for place, (color, name) in enumerate(legend):
        parts += [bar(LEFT + place * 110, y - 11, 24, color), text(LEFT + 30 + place * 110, y, name)]
    parts += [mark(LEFT + 282, y - 4), text(LEFT + 296, y, "the experiment of old, with its own ResNet50 and pictures")]
    return "\n".join(parts + ["</svg>"]) + "\n"
