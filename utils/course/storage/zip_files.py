"""Zip files to hand out or to give back."""

import io
import zipfile


def zipped(files):
    """A zip file, as bytes, of these files (name → text or bytes); the same files give the same bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)  # dated 1980
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, text)
    return content.getvalue()
