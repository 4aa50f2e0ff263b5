/* A chart as a picture: the drawing that stands on the page, under its title and above its source, as SVG or PNG. Made in the browser. */
(() => {
  if (window.jjImages) return;
  window.jjImages = true;
  const SVG = "http://www.w3.org/2000/svg";
  const PAD = 24, FACE = '"Microsoft YaHei","Noto Sans CJK SC","PingFang SC",sans-serif';
  const ROWS = { title: [22, 700, "#1F2933"], takeaway: [14, 400, "#1F2933"], subtitle: [12, 400, "#52606D"] };

  const made = (name, attributes, text) => {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const measure = document.createElement("canvas").getContext("2d");

  /* Lines of a text that fit into a width; Chinese breaks anywhere, but not before a closing sign. */
  const wrapped = (text, width, size, weight) => {
    measure.font = `${weight} ${size}px ${FACE}`;
    const lines = [];
    let line = "";
    for (const sign of text) {
      if (line && measure.measureText(line + sign).width > width && !"，。；：、）”》％%".includes(sign)) { lines.push(line); line = ""; }
      line += sign;
    }
    return line ? [...lines, line] : lines;
  };

  const write = (target, text, size, weight, colour, top, width) => {
    let y = top;
    for (const line of wrapped(text, width, size, weight)) {
      y += size * 1.5;
      target.append(made("text", { x: PAD, y: y - size * 0.4, "font-size": size, "font-weight": weight, fill: colour }, line));
    }
    return y;
  };

  const MARKED = "drag,.drag,.draglayer,.nsewdrag,.hoverlayer,.zoombox,.modebar-container,.cursor-crosshair";

  /* The layers of the chart in one drawing: plotly lays several over each other. */
  const drawing = (chart) => {
    const group = made("g", {});
    for (const layer of chart.querySelectorAll(".main-svg")) {
      if (layer.closest(".modebar-container")) continue;
      const copy = layer.cloneNode(true);
      copy.querySelectorAll(MARKED).forEach((node) => node.remove());
      group.append(...copy.childNodes);
    }
    for (const node of group.querySelectorAll("*")) {
      // Within an attribute url("#x") would be quoted twice; and a class means nothing in a file.
      if (node.style.fontFamily) node.style.fontFamily = FACE.replaceAll('"', "'");
      for (const name of ["clip-path", "mask", "fill", "stroke"]) {
        const value = node.getAttribute(name);
        if (value && value.includes("url(")) node.setAttribute(name, value.replace(/url\(['"]?[^#)]*#([^'")]+)['"]?\)/g, "url(#$1)"));
      }
      const href = node.tagName === "image" && (node.getAttribute("href") || node.getAttributeNS("http://www.w3.org/1999/xlink", "href"));
      if (href && !href.startsWith("data:")) node.remove();
    }
    return group;
  };

  const picture = (chart, words) => {
    const first = chart.querySelector(".main-svg"), wide = first.clientWidth || Number(first.getAttribute("width"));
    const high = first.clientHeight || Number(first.getAttribute("height")), width = Math.max(wide, 480) + 2 * PAD;
    const whole = made("svg", { xmlns: SVG, width, "font-family": FACE.replaceAll('"', "'") });
    let y = PAD / 2;
    for (const [name, [size, weight, colour]] of Object.entries(ROWS)) if (words[name]) y = write(whole, words[name], size, weight, colour, y, width - 2 * PAD) + 2;
    const body = drawing(chart);
    body.setAttribute("transform", `translate(${PAD},${y + 8})`);
    whole.append(body);
    y = write(whole, words.foot, 12, 400, "#616E7C", y + high + 14, width - 2 * PAD) + PAD / 2;
    whole.prepend(made("rect", { width, height: y, fill: "#fff" }));
    if (words.title) whole.prepend(made("title", {}, words.title));
    whole.setAttribute("height", y);
    whole.setAttribute("viewBox", `0 0 ${width} ${y}`);
    return { text: new XMLSerializer().serializeToString(whole), width, height: y };
  };

  const save = (blob, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };

  const raster = ({ text, width, height }, name) => {
    const image = new Image(), canvas = document.createElement("canvas"), scale = 2;
    image.onload = () => {
      canvas.width = width * scale;
      canvas.height = height * scale;
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => save(blob, name), "image/png");
    };
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  };

  /* A chart once it is drawn: on a page that just came plotly may still be at work, and is awaited for ten seconds. */
  const drawn = async (key) => {
    for (let waited = 0; waited < 10000; waited += 200) {
      const chart = document.querySelector(`.st-key-${CSS.escape(key)} .js-plotly-plot`);
      if (chart?.querySelector(".main-svg")) return chart;
      await new Promise((later) => setTimeout(later, 200));
    }
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.(".jj-image button");
    if (!button) return;
    const words = { ...button.parentElement.dataset }, kind = button.dataset.kind;
    const chart = await drawn(words.chart);
    if (!chart) return;
    const found = picture(chart, words), name = `${words.name}.${kind}`;
    if (kind === "svg") save(new Blob(['<?xml version="1.0" encoding="UTF-8"?>\n', found.text], { type: "image/svg+xml" }), name);
    else raster(found, name);
  });
})();
