// Figures can be enlarged: a button around each opens it at its full size.

const dialog = document.createElement("dialog");
dialog.className = "enlarged";
dialog.ariaLabel = "Enlarged figure";
dialog.innerHTML = '<form method="dialog"><button>Close</button></form><div tabindex="0"></div>';
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close(); // beside the figure
});
document.body.append(dialog);

document.querySelectorAll(".bd-article :is(figure, .cell_output) img").forEach((image) => {
  if (image.closest("a, button")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "enlarge";
  button.title = "Enlarge";
  image.replaceWith(button);
  button.append(image);
  button.addEventListener("click", () => {
    const copy = image.cloneNode();
    copy.removeAttribute("width");
    copy.removeAttribute("style");
    dialog.querySelector("div").replaceChildren(copy);
    dialog.showModal();
  });
});
