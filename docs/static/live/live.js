// Questions that are checked in the page, by the course's own Python. Nothing is loaded before somebody answers.

let python; // the worker
const waiting = new Map(); // what is asked of it and not answered yet, by number
let count = 0;

function start() {
  if (python) return;
  python = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  python.onmessage = ({ data: { number, response, error } }) => {
    const { resolve, reject } = waiting.get(number);
    waiting.delete(number);
    if (error) reject(new Error(error));
    else resolve(JSON.parse(response));
  };
  python.onerror = (event) => {
    for (const { reject } of waiting.values()) reject(new Error(event.message || "its files could not be loaded"));
    waiting.clear();
    python = undefined; // the next answer tries again
  };
}

export function ask(request) {
  start();
  return new Promise((resolve, reject) => {
    waiting.set((count += 1), { resolve, reject });
    python.postMessage({ number: count, request: JSON.stringify(request) });
  });
}

function question(block) {
  const part = (name) => block.querySelector(`.question-${name}`);
  const form = part("form");
  const verdict = part("verdict");
  let shown = JSON.parse(block.dataset.question);

  const say = (heading, lines = [], kind = "") => {
    verdict.dataset.verdict = kind;
    verdict.replaceChildren(make("strong", heading), ...lines.map((line) => make("p", line)));
  };
  // Buttons stay in reach of the keyboard while Python is at work; a second press does nothing.
  const asking = async (request, then) => {
    if (form.ariaBusy === "true") return;
    form.ariaBusy = "true";
    const slow = setTimeout(() => say("Python starts in this page …", ["It takes some seconds, once."]), 300);
    try {
      const response = await ask({ question: shown.question, parameters: shown.parameters, ...request });
      clearTimeout(slow);
      then(response);
    } catch (error) {
      clearTimeout(slow);
      say("This cannot be checked here.", [error.message, "Reload the page to try again."], "unreadable");
    }
    form.ariaBusy = "false";
  };

  form.addEventListener("focusin", start, { once: true });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const answer = new FormData(form).get("answer");
    asking({ asks: "judgment", answer }, (said) => say(said.heading, said.lines, said.verdict));
  });
  form.querySelector(".question-another")?.addEventListener("click", () => {
    asking({ asks: "another" }, (next) => {
      shown = { question: next.question, parameters: next.parameters };
      block.dataset.question = JSON.stringify(shown);
      part("text").textContent = next.text;
      part("choices")?.replaceChildren(...Object.entries(next.choices).map(([name, text]) => choice(name, text)));
      block.querySelectorAll("details > div").forEach((each, index) => {
        const lines = [...next.hints.map((hint) => [hint]), next.solution][index];
        each.replaceChildren(...lines.map((line) => make("p", line)));
        each.parentElement.open = false;
      });
      form.reset();
      say("○ With other numbers", ["The question above has changed, and so have its hints and its solution."], "noted");
      form.querySelector("input").focus();
    });
  });
  form.hidden = false;
  part("off")?.remove();
}

// The numbers of the block explorer follow its controls.
function block(part) {
  const form = part.querySelector("form");
  const body = part.querySelector("tbody");
  const show = (rows) => {
    body.replaceChildren(...rows.map(([name, value]) => {
      const row = document.createElement("tr");
      row.append(Object.assign(make("th", name), { scope: "row" }), make("td", value));
      return row;
    }));
  };
  let latest = 0;
  form.addEventListener("focusin", start, { once: true });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", async () => {
    if (!form.reportValidity()) return;
    const values = Object.fromEntries([...form.elements].map((each) => [each.name, READ[each.type]?.(each) ?? each.value]));
    const number = (latest += 1);
    const rows = await ask({ asks: "block_costs", ...values }).catch((error) => [["This cannot be computed here", error.message]]);
    if (number === latest) show(rows);
  });
  form.hidden = false;
}

// Questions on concepts need no Python. What is chosen at the start of the course is noted in this browser only.
function concept(part) {
  const { id, when, said } = JSON.parse(part.dataset.concept);
  const verdict = part.querySelector(".question-verdict");
  const say = (...lines) => verdict.replaceChildren(...lines.map((line) => make("p", line)));
  const key = `concept ${id}`;
  const chosen = kept(key);
  if (when === "after") {
    const lookBack = () => said[chosen] && say("At the start of the course you chose:", said[chosen]);
    part.querySelectorAll("details").forEach((each) => each.addEventListener("toggle", lookBack));
    return;
  }
  const form = part.querySelector("form");
  const note = () => say("○ Noted. The last notebook asks again, in other words, and then says what is right.");
  form.addEventListener("change", () => {
    kept(key, new FormData(form).get("answer"));
    note();
  });
  form.querySelectorAll("input").forEach((each) => { each.checked = each.value === chosen; });
  if (form.querySelector(":checked")) note();
  form.hidden = false;
  part.querySelector(".question-off").remove();
}

// A browser may refuse to keep anything; then nothing is kept.
function kept(key, value) {
  try {
    if (value) localStorage.setItem(key, value);
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

const READ = { number: (input) => input.valueAsNumber, checkbox: (input) => input.checked };

function choice(name, text) {
  const input = Object.assign(document.createElement("input"), { type: "radio", name: "answer", value: name });
  const label = document.createElement("label");
  label.append(input, " ", text);
  return label;
}

function make(tag, text) {
  return Object.assign(document.createElement(tag), { textContent: text });
}

document.querySelectorAll(".question[data-question]").forEach(question);
document.querySelectorAll(".question[data-concept]").forEach(concept);
document.querySelectorAll(".block-costs").forEach(block);
