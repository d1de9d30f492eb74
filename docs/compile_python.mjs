// Python's standard library as bytecode, made by the very Python that reads it: node compile_python.mjs PACKAGE RESULT
//
// Pyodide brings the library as source, which the reader's browser would compile at every start. What the course's
// questions cannot need is left out.

import fs from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, result] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const python = await loadPyodide({ indexURL: `${folder}/` });
python.FS.writeFile("/source.zip", fs.readFileSync(`${folder}/python_stdlib.zip`));
python.runPython(`
import importlib.util
import marshal
import zipfile

LEFT_OUT = {
    "_pydatetime", "_pyrepl", "bdb", "configparser", "ctypes", "doctest", "email", "ftplib", "http", "imaplib",
    "mailbox", "multiprocessing", "optparse", "pdb", "pickletools", "pydoc", "smtplib", "sqlite3", "statistics",
    "tarfile", "turtle", "unittest", "wsgiref", "xml", "xmlrpc", "zoneinfo",
}
ENCODINGS = {"__init__", "aliases", "ascii", "cp437", "idna", "latin_1", "utf_8"}
UNCHECKED = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + bytes(8)  # no source to compare it with

with zipfile.ZipFile("/source.zip") as source, zipfile.ZipFile("/result.zip", "w", zipfile.ZIP_DEFLATED) as result:
    for name in source.namelist():
        room, _, rest = name.removesuffix(".py").partition("/")
        if not name.endswith(".py") or room in LEFT_OUT or (room == "encodings" and rest not in ENCODINGS):
            continue
        # Without docstrings, but Pyodide's own, which it reads at its start.
        level = 0 if room in ("_pyodide", "pyodide") else 2
        code = compile(source.read(name), name, "exec", dont_inherit=True, optimize=level)
        result.writestr(name + "c", UNCHECKED + marshal.dumps(code))
`);
fs.writeFileSync(result, python.FS.readFile("/result.zip"));
process.exit();
