/* The presenter: one drawing and one set of keys, in the page and from a USB stick. Texts are only ever set as text. */
(() => {
  "use strict";
  const deck = JSON.parse(document.getElementById("deck").textContent);
  const slides = deck.slides, count = slides.length;
  const stage = document.getElementById("stage"), body = document.body, said = document.getElementById("said");
  const button = (name) => document.querySelector(`#bar [data-do="${name}"]`);
  const outer = (() => { try { return window.parent !== window && window.parent.location.href ? window.parent : null; } catch { return null; } })();
  const drawn = new Map();
  let at = 0, width = 1920, height = 1080, playing = false, paused = false, timer = 0, quiet = 0, speaker = null, began = Date.now();

  // ---- drawing ----

  const make = (tag, kind, text) => {
    const node = document.createElement(tag);
    if (kind) node.className = kind;
    if (text !== undefined && text !== null) node.textContent = text;
    return node;
  };

  function card(one) {
    const box = make("div", "card"), value = make("div", "value", one.value);
    if (one.unit) value.append(make("span", "unit", one.unit));
    const words = one.changes.length ? one.changes : ["不作比较"], changes = make("div", "changes");
    box.append(make("div", "name", one.name), value, changes);
    words.forEach((word, n) => changes.append(make("div", "change " + (n ? "" : one.tone), (n ? "" : one.icon + " ") + word)));
    const beside = [one.changes.length ? one.word : "", one.reporting].filter(Boolean).join("，");
    if (beside) changes.append(make("div", "change", beside));
    return box;
  }

  function table(rows) {
    const whole = make("table"), head = whole.createTHead().insertRow(), inside = whole.createTBody();
    rows[0].forEach((text) => { const cell = make("th", "", text); cell.scope = "col"; head.append(cell); });
    rows.slice(1).forEach((row) => { const line = inside.insertRow(); row.forEach((text) => line.append(make("td", "", text))); });
    return whole;
  }

  function content(slide) {
    const box = make("div", "body");
    if (slide.figure) {
      const figure = make("div", "figure");
      figure.setAttribute("role", "img");
      figure.setAttribute("aria-label", slide.figure.layout.meta.alt);
      box.append(figure);
    } else if (slide.cards.length) {
      const grid = make("div", "cards");
      slide.cards.forEach((one) => grid.append(card(one)));
      box.append(grid);
    } else if (slide.table) {
      box.append(table(slide.table));
      if (slide.table[0].length > 7) box.classList.add("wide");
    } else {
      box.append(make("div", "nothing", slide.takeaway));
    }
    if (slide.figure && slide.facts.length) {
      const side = make("div", "facts");
      slide.facts.forEach((fact) => {
        const one = make("div");
        one.append(make("div", "label", fact.label), make("div", "value", fact.value));
        side.append(one);
      });
      box.append(side);
    }
    return box;
  }

  function foot(slide) {
    const line = make("footer");
    if (slide.stop) line.append(make("span", "stop", slide.stop));
    line.append(make("span", "foot", [slide.scope, slide.foot].filter(Boolean).join("　")));
    if (deck.internal) line.append(make("span", "mark internal", "内部资料"));
    if (slide.fictional) line.append(make("span", "mark", "演示数据"));
    return line;
  }

  function draw(n, holder = stage) {
    if (drawn.has(n)) return drawn.get(n);
    const slide = slides[n], section = make("section");
    section.setAttribute("aria-label", `第 ${n + 1} 页，共 ${count} 页`);
    section.append(make("h1", "", slide.title));
    if (slide.figure || slide.cards.length || slide.table) section.append(make("p", "takeaway", slide.takeaway));
    section.append(content(slide), foot(slide));
    holder.append(section);
    drawn.set(n, section);
    fit(section, n);
    return section;
  }

  const TALLER = 1.25;  // a picture fills what is left of the slide, but is not stretched beyond recognition
  const wall = () => width > 2600;

  // Type shrinks until all is on the slide, but never below 1/40 of its height; then the picture takes what is left.
  function fit(section, n) {
    const title = section.querySelector("h1"), takeaway = section.querySelector(".takeaway"), box = section.querySelector(".body");
    const lines = (node) => Math.round(node.offsetHeight / (parseFloat(getComputedStyle(node).fontSize) * 1.14));
    title.style.fontSize = "";
    for (let size = 77; size > 48 && lines(title) > 2; size -= 4) title.style.fontSize = size + "px";
    if (takeaway) {
      takeaway.style.fontSize = "";
      for (let size = 39; size > 27 && takeaway.offsetHeight > 160; size -= 2) takeaway.style.fontSize = size + "px";
    }
    for (const side of section.querySelectorAll(".facts .value")) {
      const most = wall() ? 96 : 66;
      side.style.fontSize = most + "px";
      for (let size = most; size > 34 && side.scrollWidth > side.clientWidth; size -= 4) side.style.fontSize = size + "px";
    }
    for (const value of section.querySelectorAll(".card .value")) {
      const most = wall() ? 140 : 104;
      value.style.fontSize = most + "px";
      for (let size = most; size > 48 && value.scrollWidth > value.clientWidth; size -= 6) value.style.fontSize = size + "px";
    }
    const figure = section.querySelector(".figure");
    if (figure) {
      const layout = slides[n].figure.layout, height = Math.min(layout.height * TALLER, box.clientHeight);
      Plotly.newPlot(figure, slides[n].figure.data, { ...layout, width: figure.clientWidth, height, autosize: false }, { staticPlot: true, displayModeBar: false });
    }
  }

  function scale() {
    const wanted = Math.round(Math.min(Math.max((1080 * innerWidth) / innerHeight, 1350), 3400));
    const by = Math.min(innerWidth / wanted, innerHeight / 1080);
    // Held upright, a screen has room below: more lines for the same width, so that nothing runs into the foot.
    const tall = Math.round(Math.min(Math.max(innerHeight / by, 1080), 1620));
    stage.style.transform = `scale(${by}) translate(-50%, -50%)`;
    if (wanted !== width || tall !== height) {
      width = wanted;
      height = tall;
      stage.style.width = width + "px";
      stage.style.height = height + "px";
      stage.classList.toggle("narrow", width < 1500);
      stage.classList.toggle("wall", wall());
      drawn.forEach((section, n) => fit(section, n));
    }
  }

  // ---- turning ----

  function show(n, remember = true) {
    at = Math.min(Math.max(n, 0), count - 1);
    const section = draw(at);
    drawn.forEach((other) => other.classList.toggle("on", other === section));
    button("back").disabled = at === 0;
    button("next").disabled = at === count - 1;
    document.querySelector("#bar output").textContent = `${at + 1} / ${count}`;
    said.textContent = `第 ${at + 1} 页：${slides[at].title}`;
    if (remember) keep();
    tell();
    ahead();
  }

  // The step stands in the address, so that a reload comes back to the same slide.
  function keep() {
    try {
      if (outer) {
        const url = new URL(outer.location.href);
        url.searchParams.set("slide", at + 1);
        outer.history.replaceState(outer.history.state, "", url);
      } else history.replaceState(null, "", "#" + (at + 1));
    } catch { /* an address that cannot be changed stays as it is */ }
  }

  function step() {
    let wanted = location.hash.slice(1);
    if (outer) wanted = new URL(outer.location.href).searchParams.get("slide") || "";
    return /^\d{1,4}$/.test(wanted) ? Number(wanted) - 1 : 0;
  }

  // Slides to come are drawn while nobody waits, so that a turn only shows them.
  function ahead() {
    const next = [...Array(count).keys()].map((k) => (at + 1 + k) % count).find((n) => !drawn.has(n));
    if (next !== undefined) (window.requestIdleCallback || setTimeout)(() => { draw(next); ahead(); });
    else body.dataset.ready = "1";
  }

  const turn = (by) => { show(at + by); again(); };

  // ---- autoplay ----

  function play(on) {
    playing = on;
    button("play").setAttribute("aria-pressed", String(on));
    button("play").textContent = on ? "停止" : "自动播放";
    again();
  }

  function again() {
    clearTimeout(timer);
    if (playing && !paused) timer = setTimeout(() => { show((at + 1) % count); again(); }, deck.seconds * 1000);
  }

  function pause(on) {
    if (paused !== on) { paused = on; again(); }
  }

  // ---- the speaker's window ----

  function openSpeaker() {
    speaker = window.open("", "jiejian-speaker", "width=1100,height=760");
    if (!speaker) { said.textContent = "浏览器拦截了讲者窗口，请允许弹出窗口后再试。"; alert(said.textContent); return; }
    const page = speaker.document;
    page.title = "讲者视图";
    page.body.replaceChildren();
    page.head.replaceChildren();
    const look = page.createElement("style");
    look.textContent = "body{margin:0;padding:20px 28px;height:100vh;box-sizing:border-box;display:flex;flex-direction:column;background:#1F2933;color:#fff;font:22px/1.6 'Microsoft YaHei','Noto Sans CJK SC',sans-serif}h1{font-size:30px;margin:0 0 8px}.row{display:flex;gap:36px;font-size:26px;color:#E4E7EB;font-variant-numeric:tabular-nums;flex-wrap:wrap}.row b{color:#fff}.notes{white-space:pre-wrap;margin:18px 0;flex:1;min-height:0;overflow:auto}.next{border-top:1px solid #52606D;padding-top:12px;color:#CBD2D9;display:flex;gap:24px}.picture{flex:none;width:432px;overflow:hidden;border-radius:4px}progress{width:100%;flex:none;height:12px;accent-color:#D4A72C}";
    page.head.append(look);
    page.addEventListener("keydown", key);
    speaker.focus();
    tell();
  }

  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

  function tell() {
    if (!speaker || speaker.closed) return;
    const page = speaker.document, slide = slides[at], next = slides[at + 1];
    const left = slides.slice(at).reduce((sum, s) => sum + s.minutes, 0);
    const node = (tag, kind, text) => { const one = page.createElement(tag); one.className = kind; one.textContent = text; return one; };
    const row = node("div", "row", "");
    row.append(node("b", "", `${at + 1} / ${count}`), node("span", "time", ""));
    if (slide.stop) row.append(node("span", "", `点位：${slide.stop}`));
    if (left) row.append(node("span", "", `余下约 ${Math.round(left * 10) / 10} 分钟`));
    const bar = page.createElement("progress");
    bar.max = count; bar.value = at + 1;
    const coming = node("div", "next", "");
    if (next) coming.append(picture(page, at + 1));
    coming.append(node("div", "", next ? `下一页：${next.title}` : "已是最后一页。"));
    page.body.replaceChildren(row, bar, node("h1", "", slide.title), node("div", "", slide.takeaway), node("div", "notes", slide.notes || "本页没有讲稿。"), coming);
    tick();
  }

  // A slide as the audience will see it, small, in a root of its own: its styles are the deck's, not the window's.
  function picture(page, n) {
    const holder = page.createElement("div"), root = holder.attachShadow({ mode: "open" }), look = page.createElement("style");
    const stand = page.createElement("div"), slide = draw(n).cloneNode(true), scale = 432 / width;
    holder.className = "picture";
    holder.setAttribute("aria-hidden", "true");
    look.textContent = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).map((rule) => rule.cssText).join("\n");
    stand.className = stage.className;
    stand.style.cssText = `position:relative;width:${width}px;height:1080px;transform:scale(${scale});transform-origin:0 0;color:#1F2933;line-height:normal`;
    slide.style.visibility = "visible";
    holder.style.height = `${1080 * scale}px`;
    stand.append(page.adoptNode(slide));
    root.append(look, stand);
    return holder;
  }

  function tick() {
    const time = speaker && !speaker.closed && speaker.document.querySelector(".time");
    if (time) time.textContent = `已讲 ${clock((Date.now() - began) / 1000)}`;
  }
  setInterval(() => { tick(); stayAwake(); }, 500);

  // When the server is lost, the page around is put to sleep behind a message; the talk goes on.
  function stayAwake() {
    if (!outer) return;
    for (let node = window.frameElement; node; node = node.parentElement) if (node.inert) node.inert = false;
  }

  // ---- keys, clicks, touch ----

  function full() {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen?.().catch(() => {});
  }

  function leave() {
    if (document.fullscreenElement) { document.exitFullscreen(); return; }
    if (playing) { play(false); return; }
    if (outer) outer.document.querySelector('[class*="st-key-leave"] a')?.click();
  }

  const DO = {
    back: () => turn(-1), next: () => turn(1), play: () => play(!playing), full, speaker: openSpeaker, help: () => toggle("help"), leave,
    print: () => print(),
  };
  const KEYS = {
    ArrowRight: DO.next, ArrowDown: DO.next, PageDown: DO.next, " ": DO.next, Enter: DO.next,
    ArrowLeft: DO.back, ArrowUp: DO.back, PageUp: DO.back, Backspace: DO.back,
    Home: () => turn(-count), End: () => turn(count), f: DO.full, a: DO.play, s: DO.speaker, h: DO.help, "?": DO.help,
    b: () => toggle("blank"), ".": () => toggle("blank"), Escape: () => (hide() ? 0 : leave()),
  };
  const toggle = (id) => document.getElementById(id).classList.toggle("on");
  const hide = () => ["help", "blank"].map((id) => document.getElementById(id)).filter((node) => node.classList.contains("on")).map((node) => node.classList.remove("on")).length;

  function key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.tagName === "BUTTON" && (event.key === " " || event.key === "Enter")) return;
    const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (act) { event.preventDefault(); act(); }
  }

  function stir() {
    body.classList.remove("idle");
    pause(true);
    clearTimeout(quiet);
    quiet = setTimeout(() => { body.classList.add("idle"); pause(false); }, 2500);
  }

  document.addEventListener("keydown", key);
  document.addEventListener("mousemove", stir);
  document.addEventListener("mouseleave", () => pause(false));
  document.getElementById("bar").addEventListener("click", (event) => { const act = event.target.dataset?.do; if (act) { DO[act](); event.target.blur(); } });
  document.getElementById("bar").addEventListener("focusin", stir);
  stage.addEventListener("click", (event) => turn(event.clientX < innerWidth / 3 ? -1 : 1));
  let touched = null;
  stage.addEventListener("touchstart", (event) => { touched = event.touches[0].clientX; }, { passive: true });
  stage.addEventListener("touchend", (event) => {
    const by = event.changedTouches[0].clientX - touched;
    if (Math.abs(by) > 50) { event.preventDefault(); turn(by < 0 ? 1 : -1); }
  });
  addEventListener("resize", scale);
  addEventListener("hashchange", () => { if (!outer && step() !== at) show(step(), false); });
  addEventListener("beforeprint", () => {
    for (let n = 0; n < count; n++) draw(n);
    stage.style.width = "1527px";
    width = 1527;
    stage.classList.remove("narrow", "wall");
    drawn.forEach((section, n) => fit(section, n));
  });
  addEventListener("afterprint", () => { width = 0; scale(); });

  // The keys also work while the page around has the focus.
  if (outer) { outer.document.addEventListener("keydown", key); addEventListener("pagehide", () => outer.document.removeEventListener("keydown", key)); }
  if (!outer) button("leave").hidden = true;
  // ---- all slides side by side, for whoever makes the deck ----

  if (deck.sheet) {
    body.classList.add("sheet");
    const thumbs = make("div", "thumbs");
    stage.replaceWith(thumbs);
    slides.forEach((slide, n) => {
      const thumb = make("figure"), frame = make("div", "thumb");
      thumb.append(frame, make("figcaption", "", `${n + 1}　${slide.stop ? slide.stop + "　" : ""}${slide.title}`));
      thumbs.append(thumb);
      draw(n, frame);
    });
    body.dataset.ready = "1";
    return;
  }

  scale();
  show(step(), false);
  if (deck.autoplay) play(true);
  stir();
  window.focus();
})();
