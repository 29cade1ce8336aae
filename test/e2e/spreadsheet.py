"""What a spreadsheet makes of a CSV file, and what stands in a PDF: by LibreOffice and poppler
where they are installed."""
import os
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
KIND = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}value-type"
VALUE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}value"
FORMULA = TABLE + "formula"
PARAGRAPH = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}p"
# Comma, quotes, UTF-8, from line 1, and the language whose numbers stand in it: what the dialogue
# of a spreadsheet asks a person; the byte order mark answers the third question for it.
FILTER = "CSV:44,34,76,1,,%d"
LANGUAGES = {"vi": 0x42A, "en": 0x409}


def open_csv(path, language):
    """Rows of cells as LibreOffice reads them: numbers as float, texts as str. A formula is a
    mistake."""
    with tempfile.TemporaryDirectory(prefix="lachan-office-") as folder:
        subprocess.run([OFFICE, "-env:UserInstallation=file://%s/profile" % folder, "--headless",
                        "--infilter=" + FILTER % LANGUAGES[language], "--convert-to", "fods", "--outdir", folder, path], check=True,
                       timeout=300, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       env={**os.environ, "HOME": folder})
        base = os.path.splitext(os.path.basename(path))[0]
        tree = xml.etree.ElementTree.parse(os.path.join(folder, base + ".fods"))
    rows = []
    for row in tree.iter(TABLE + "table-row"):
        cells = []
        for cell in row.iter(TABLE + "table-cell"):
            assert FORMULA not in cell.attrib, cell.attrib
            repeated = int(cell.get(TABLE + "number-columns-repeated", "1"))
            text = "\n".join("".join(p.itertext()) for p in cell.iter(PARAGRAPH))
            value = float(cell.get(VALUE)) if cell.get(KIND) == "float" else text
            cells += [value] * min(repeated, 40)
        while cells and cells[-1] == "":
            cells.pop()
        rows.append(cells)
    return rows
