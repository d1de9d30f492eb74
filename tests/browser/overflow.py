"""What runs over the edge in the notebook that JupyterLab shows."""

OVERFLOWING = """
() => {
  const panel = document.querySelector(".jp-NotebookPanel:not(.lm-mod-hidden)");
  const found = [];
  const say = (what, by, text) => {
    if (by > 1) found.push(`${what}, by ${Math.round(by)} px: ${text.trim().slice(0, 100)}`);
  };
  say("the page", document.documentElement.scrollWidth - innerWidth, "");
  for (const area of panel.querySelectorAll(".jp-OutputArea-output, .jp-RenderedMarkdown")) {
    const edge = area.getBoundingClientRect().left + area.clientLeft + area.clientWidth;
    say("what is shown", area.scrollWidth - area.clientWidth, area.innerText);
    for (const each of area.querySelectorAll("*")) {
      if (each.checkVisibility()) say(each.tagName, each.getBoundingClientRect().right - edge, each.innerText ?? "");
    }
  }
  for (const pre of panel.querySelectorAll(".jp-OutputArea-output pre")) {
    pre.style.whiteSpace = "pre"; // a line that would be broken sticks out
    const longest = pre.innerText.split("\\n").sort((one, other) => other.length - one.length)[0];
    say("a printed line", pre.scrollWidth - pre.clientWidth, longest);
    pre.style.whiteSpace = "";
  }
  for (const code of panel.querySelectorAll(".jp-CodeCell .cm-scroller")) {
    say("code", code.scrollWidth - code.clientWidth, code.innerText);
  }
  for (const image of panel.querySelectorAll(".jp-OutputArea-output img")) {
    const shrunk = image.clientWidth / (image.getAttribute("width") ?? image.clientWidth);
    // Text of 10 pt is then smaller than 9 px.
    if (shrunk < 0.675) found.push(`a figure shrinks to ${shrunk.toFixed(2)}: ${image.alt.slice(0, 100)}`);
  }
  return found;
}
"""
