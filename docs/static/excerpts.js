// What the search shows of a page is its text, without the buttons, lists and links around it.

if (typeof Search !== "undefined") {
  Search.htmlToText = (html, anchor) => {
    const article = new DOMParser().parseFromString(html, "text/html").querySelector("article");
    const part = (anchor && article?.querySelector(anchor)) || article;
    part?.querySelectorAll(".headerlink, script, style, form").forEach((each) => each.remove());
    part?.querySelectorAll("p, li, dt, dd, th, td, summary").forEach((each) => each.append(" "));
    return part?.textContent ?? "";
  };
}
