// SPDX-License-Identifier: Apache-2.0
// Two images above each other: an edge between them that moves, zoom and panning.

const byId = (id) => document.getElementById(id);
const [smallest, largest] = [0.02, 16];
/** From here on pixels are drawn as squares, so that they can be judged. */
const pixelated = 3;

/** Makes the stage of the page work. */
export function createStage() {
  const [stage, layers, slide] = [byId("stage"), byId("layers"), byId("slide")];
  const images = [byId("before"), byId("after")];
  let [scale, natural] = [1, { width: 1, height: 1 }];

  /** Sets the zoom; the point of the image at x and y of the stage stays where it is. */
  function setScale(value, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
    const before = scale;
    scale = Math.min(largest, Math.max(smallest, value));
    const [left, top] = [stage.scrollLeft + x, stage.scrollTop + y];
    layers.style.setProperty("--wide", Math.round(natural.width * scale));
    layers.style.setProperty("--high", Math.round(natural.height * scale));
    layers.classList.toggle("pixelated", scale >= pixelated);
    stage.scrollTo(left * scale / before - x, top * scale / before - y);
    byId("zoom").value = `${Math.round(scale * 100)} %`;
  }

  function fit() {
    setScale(Math.min(1, stage.clientWidth / natural.width, stage.clientHeight / natural.height));
  }

  function setShare(percent) {
    slide.value = percent;
    layers.style.setProperty("--share", slide.value);
    slide.setAttribute("aria-valuetext", `${slide.value} % before, ${100 - slide.value} % after`);
  }

  slide.addEventListener("input", () => setShare(slide.value));
  byId("zoom-in").addEventListener("click", () => setScale(scale * 1.5));
  byId("zoom-out").addEventListener("click", () => setScale(scale / 1.5));
  byId("zoom-fit").addEventListener("click", fit);
  byId("zoom-whole").addEventListener("click", () => setScale(1));
  byId("compare").addEventListener("keydown", (event) => {
    if (event.key === "+" || event.key === "=") setScale(scale * 1.5);
    else if (event.key === "-") setScale(scale / 1.5);
    else if (event.key === "0") fit();
    else if (event.key === "1") setScale(1);
  });
  stage.addEventListener("wheel", (event) => {
    // Plain scrolling moves the image; with Ctrl, and by pinching, it zooms.
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = stage.getBoundingClientRect();
    setScale(scale * Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
  addDragging(stage, layers, byId("edge"), setShare);
  addEventListener("resize", () => { if (byId("compare").open) fit(); });

  return {
    /** Shows both images, as large as they fit. */
    async show(urls) {
      images.forEach((image, index) => { image.src = urls[index]; });
      await Promise.all(images.map((image) => image.decode()));
      const larger = images[0].naturalWidth >= images[1].naturalWidth ? images[0] : images[1];
      natural = { width: larger.naturalWidth, height: larger.naturalHeight };
      setShare(50);
      fit();
    },
    /** Lets both images go. */
    clear() { for (const image of images) image.removeAttribute("src"); },
  };
}

/** Dragging the edge moves it; dragging the image moves the image. */
function addDragging(stage, layers, edge, setShare) {
  const drag = (element, follow) => element.addEventListener("pointerdown", (event) => {
    // A finger that drags the image scrolls it, as everywhere.
    if (event.button !== 0 || (event.pointerType === "touch" && element === stage)) return;
    event.preventDefault();
    event.stopPropagation();
    element.setPointerCapture(event.pointerId);
    let last = event;
    const move = (moved) => {
      follow(moved, last);
      last = moved;
    };
    element.addEventListener("pointermove", move);
    const end = () => element.removeEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) element.addEventListener(name, end, { once: true });
  });
  drag(edge, (moved) => {
    const box = layers.getBoundingClientRect();
    setShare(Math.round(100 * Math.min(1, Math.max(0, (moved.clientX - box.left) / box.width))));
  });
  drag(stage, (moved, last) => stage.scrollBy(last.clientX - moved.clientX, last.clientY - moved.clientY));
}
