/* What only the browser knows, for the table of 系统自检: its age, fonts, clock and window. Nothing leaves the page. */
(() => {
  const look = (table) => {
    const tell = (name, found, state, todo) => {
      const row = table.querySelector(`tr[data-check="${name}"]`), cells = row.querySelectorAll("td");
      row.dataset.state = state;
      cells[0].textContent = found;
      cells[1].textContent = `${{ "合适": "✓", "不合适": "✗" }[state] ?? "!"} ${state}`;
      cells[2].textContent = todo;
    };
    const agent = navigator.userAgent, known = agent.match(/(Edg|Firefox|Chrome|Version)\/(\d+)/g) ?? [];
    const [name, number] = (known.find((k) => k.startsWith("Edg")) ?? known[0] ?? "未知/0").split("/");
    const least = { Edg: 109, Chrome: 109, Firefox: 115, Version: 16 }[name], word = { Edg: "Edge", Version: "Safari" }[name] ?? name;
    if (!least) tell("浏览器", "认不出的浏览器", "留意", "请用 Edge、Chrome、火狐，或 360、奇安信浏览器的极速模式。");
    else if (Number(number) < least) tell("浏览器", `${word} ${number}`, "不合适", `太旧，图表可能画不出来。请升级到 ${word} ${least} 以上；360、奇安信浏览器请用极速模式的新版本。`);
    else tell("浏览器", `${word} ${number}`, "合适", "");

    const pen = document.createElement("canvas").getContext("2d");
    const width = (font) => { pen.font = `40px ${font}`; return pen.measureText("街鉴永和Abc").width; };
    const drawn = (font) => { pen.canvas.width = 60; pen.canvas.height = 60; pen.font = `40px ${font}`; pen.fillText("鉴", 5, 45); return pen.canvas.toDataURL(); };
    const there = ["Microsoft YaHei", "PingFang SC", "Noto Sans CJK SC", "Source Han Sans SC"].filter((f) => ["serif", "monospace"].every((base) => width(`"${f}",${base}`) !== width(base)) || document.fonts.check?.(`16px "${f}"`) && drawn(`"${f}",serif`) !== drawn("serif"));
    if (there.length) tell("字体", there.join("、"), "合适", "");
    else tell("字体", "没有找到常用的中文黑体", "留意", "文字会用系统的其他字体显示。请安装微软雅黑或思源黑体（Noto Sans CJK SC）。");

    const off = Math.round(Date.now() / 1000 - Number(table.dataset.now)), zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const said = `${new Date().toLocaleString("zh-CN", { hour12: false })}（${zone}）`;
    if (Math.abs(off) > 300) tell("本机时间", `${said}，与服务器相差 ${Math.round(Math.abs(off) / 60)} 分钟`, "不合适", "请校准这台电脑或服务器的时间，否则登录可能失败、导入时间会记错。");
    else tell("本机时间", said, "合适", "");

    const size = `${innerWidth}×${innerHeight}`;
    if (innerWidth < 1200) tell("窗口大小", size, "留意", "可以看，但图会叠成一列；投屏和对比请用 1366×768 以上的窗口。");
    else tell("窗口大小", size, "合适", "");
  };
  // The table comes a moment before or after this script.
  let tries = 0;
  const wait = () => {
    const table = document.querySelector(".jj-check");
    if (table) look(table);
    else if (tries++ < 40) setTimeout(wait, 100);
  };
  wait();
})();
