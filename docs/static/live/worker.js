// Python, beside the page: it starts when this file is loaded, and answers one request after another.

import { loadPyodide } from "./pyodide/pyodide.mjs";

const here = (name) => new URL(name, import.meta.url).href;

async function started() {
  const [python, course] = await Promise.all([loadPyodide({ indexURL: here("pyodide/") }), fetched("course.zip")]);
  python.FS.writeFile("/course.zip", course);
  python.runPython('import sys; sys.path.insert(0, "/course.zip")');
  return python.pyimport("respond").respond;
}

async function fetched(name) {
  const response = await fetch(here(name));
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

const respond = started();
respond.catch(() => {}); // each request is told

self.onmessage = async ({ data: { number, request } }) => {
  try {
    self.postMessage({ number, response: (await respond)(request) });
  } catch (error) {
    self.postMessage({ number, error: String(error) });
  }
};
