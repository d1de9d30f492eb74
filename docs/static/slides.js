// Arrow keys, space and page keys go from slide to slide, Home and End to the first and the last; F is full screen.

const slides = [...document.querySelectorAll("section")];
const STEPS = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1, Home: -Infinity, End: Infinity };

const nearest = () => {
  const distances = slides.map((each) => Math.abs(each.getBoundingClientRect().top));
  return distances.indexOf(Math.min(...distances));
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key.toLowerCase() === "f") {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen();
    return;
  }
  const step = event.key === " " && event.shiftKey ? -1 : STEPS[event.key];
  if (!step) return;
  const isTall = slides[nearest()].offsetHeight > innerHeight + 1;
  if (isTall && !/Left|Right|Home|End/.test(event.key)) return; // the rest of the slide comes first
  event.preventDefault();
  const wanted = Math.min(Math.max(nearest() + step, 0), slides.length - 1);
  slides[wanted].scrollIntoView();
  history.replaceState(null, "", `#${wanted + 1}`); // a reload stays here
});
