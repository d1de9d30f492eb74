// The page's side of an explorer: controls of the browser's own, each with a name, and the drawing beside them.

const PIECE = 4 * 2 ** 20; // bytes; a Jupyter server drops messages of more than 10 MB, and nobody is told

function render({ model, el }) {
  const send = (name, value) => {
    model.set("values", { ...model.get("values"), [name]: value });
    model.save_changes();
  };
  const inputs = model.get("controls").map((control) => KINDS[control.kind](control, (value) => send(control.name, value), model));
  const drawing = make("div", { className: "course-drawing" });
  el.classList.add("course-explorer");
  el.append(
    make("strong", { textContent: model.get("title") }),
    make("p", { className: "course-gone", textContent: "The kernel that drew this has ended. Run the cell again to get the controls." }),
    make("div", { className: "course-beside" }, [make("div", { className: "course-controls" }, inputs.map((each) => each.row)), drawing]),
  );

  const show = () => {
    const values = model.get("values");
    model.get("controls").forEach((control, index) => inputs[index].show(values[control.name], control));
  };
  const draw = () => { drawing.innerHTML = model.get("drawing"); };
  show();
  draw();
  model.on("change:values change:controls", show);
  model.on("change:drawing", draw);
  // The kernel has restarted or ended. anywidget has taken ipywidgets' own listener away, so the class comes from here.
  model.on("comm_live_update", () => el.classList.add("jupyter-widgets-disconnected"));

  // JupyterLab listens above for its command mode, where an arrow leaves the cell and "d d" deletes it.
  const keep = (event) => {
    const saves = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s";
    if (!saves) event.stopPropagation();
  };
  el.addEventListener("keydown", keep);
  return () => {
    model.off("change:values change:controls", show);
    model.off("change:drawing", draw);
    el.removeEventListener("keydown", keep);
  };
}

// Each kind of control gives its row, and a function that brings the row up to date.
const KINDS = {
  number(control, send) {
    const box = make("input", { type: "number", id: unique() });
    const slider = make("input", { type: "range", ariaLabel: `${control.label}, slider` });
    const moved = (input) => {
      const value = input.value === "" ? NaN : Number(input.value);
      if (Number.isNaN(value)) box.value = slider.value;
      else send(Math.min(Number(box.max), Math.max(Number(box.min), value)));
    };
    box.addEventListener("change", () => moved(box));
    slider.addEventListener("input", () => moved(slider));
    return {
      row: row(control, box, [box, slider]),
      show(value, { low, high, step }) {
        for (const input of [box, slider]) Object.assign(input, { min: low, max: high, step });
        box.value = slider.value = value;
        box.value = value; // the slider's own value keeps to its steps
      },
    };
  },

  check(control, send) {
    const box = make("input", { type: "checkbox" });
    box.addEventListener("change", () => send(box.checked));
    return {
      row: make("label", {}, [box, ` ${control.label}`]),
      show(value) { box.checked = value; },
    };
  },

  several(control, send) {
    const boxes = control.options.map(() => make("input", { type: "checkbox" }));
    const labels = control.options.map(([label], index) => make("label", {}, [boxes[index], ` ${label}`]));
    const chosen = () => control.options.filter((_, index) => boxes[index].checked).map(([, value]) => value);
    boxes.forEach((box) => box.addEventListener("change", () => send(chosen())));
    const grid = make("div", { className: "course-several" }, labels);
    return {
      row: make("fieldset", {}, [make("legend", { textContent: control.label }), grid]),
      show(value) { boxes.forEach((box, index) => { box.checked = value.includes(control.options[index][1]); }); },
    };
  },

  text(control, send) {
    const field = make("input", { type: "text", id: unique(), maxLength: control.longest });
    field.addEventListener("change", () => send(field.value));
    return {
      row: row(control, field, [field]),
      show(value) { field.value = value; },
    };
  },

  choice(control, send) {
    const list = make("select", { id: unique() });
    let options = control.options;
    list.addEventListener("change", () => send(options[list.selectedIndex][1]));
    return {
      row: row(control, list, [list]),
      show(value, latest) {
        options = latest.options;
        list.replaceChildren(...options.map(([label]) => make("option", { textContent: label })));
        list.selectedIndex = options.findIndex(([, each]) => each === value);
      },
    };
  },

  // A list of photographs, and two ways to add one of your own: its path, or a file from where the browser runs.
  photograph(control, send, model) {
    const note = make("p", { className: "course-note", role: "status" });
    const choose = (value) => {
      note.textContent = "";
      send(value);
    };
    const { row: listed, show } = KINDS.choice(control, choose);
    const path = make("input", { type: "text", id: unique() });
    const file = make("input", { type: "file", accept: "image/*", hidden: true });
    const button = make("button", { type: "button", textContent: "Upload your own…" });
    path.addEventListener("change", () => path.value.trim() && choose(path.value.trim()));
    button.addEventListener("click", () => file.click());
    file.addEventListener("change", async () => {
      const [chosen] = file.files;
      if (chosen) note.textContent = await upload(chosen, control, model);
      file.value = ""; // the same file may come again
    });
    let told = "";
    return {
      row: make("div", { className: "course-photograph" }, [listed, button, row({ label: "or the path of your own" }, path, [path]), note]),
      show(value, latest) {
        show(value, latest);
        if (value !== path.value.trim()) path.value = "";
        if (latest.note !== told) note.textContent = told = latest.note;
      },
    };
  },
};

async function upload(file, control, model) {
  const size = `${(file.size / 1e6).toFixed(1)} MB`;
  if (file.size > control.most_bytes)
    return `${file.name} has ${size}; at most ${control.most_bytes / 1e6} MB are taken. Save it smaller, and upload that.`;
  for (let start = 0; start === 0 || start < file.size; start += PIECE) {
    const piece = await file.slice(start, start + PIECE).arrayBuffer();
    model.send({ upload: control.name, file: file.name, start, size: file.size }, undefined, [piece]);
  }
  return `${file.name} (${size}) is on its way.`;
}

function row(control, input, inputs) {
  return make("div", { className: "course-row" }, [make("label", { htmlFor: input.id, textContent: control.label }), ...inputs]);
}

function make(tag, properties, children = []) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

let count = 0;
const unique = () => `course-input-${(count += 1)}-${Math.random().toString(36).slice(2)}`;

export default { render };
