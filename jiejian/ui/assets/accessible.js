/* What Streamlit's shell says in English or leaves unsaid: language, names of controls, the menu's groups, charts in words. */
(() => {
  if (window.jjAccessible) return;
  window.jjAccessible = true;
  const WORDS = {
    "Skip to main content": "跳到正文", "Sidebar": "侧栏", "Collapse sidebar": "收起侧栏", "Expand sidebar": "展开侧栏", "App pages": "页面", "Choose an option": "请选择",
    "Choose options": "请选择", "Open": "展开选项", "Close": "关闭", "Clear all": "全部清除", "Clear value": "清除", "Clear": "清除", "Remove": "移去",
    "Show/hide columns": "选择显示的列", "Search": "在表中查找", "Fullscreen": "全屏", "Exit fullscreen": "退出全屏", "Close fullscreen": "退出全屏",
    "Download as CSV": "下载 CSV", "Type to search": "输入要找的内容", "Select all": "全选", "No options": "没有可选项", "No results": "没有找到",
    "Previous result": "上一处", "Next result": "下一处", "Previous Result": "上一处", "Next Result": "下一处", "Close search": "关闭查找",
    "Help for": "说明", "Show password text": "显示内容", "Main menu": "菜单", "Upload": "选择文件", "Add row": "加一行", "Delete row(s)": "删去",
    "Increment value": "加", "Decrement value": "减", "Close dialog": "关闭", "Upload file": "选择文件", "file upload": "选择文件",
  };
  const inChinese = (text) => WORDS[text] ?? (/^Remove /.test(text) ? text.replace(/^Remove /, "移去 ") : /^Help for /.test(text) ? `说明：${text.slice(9)}` : undefined);

  const names = () => {
    for (const name of ["aria-label", "placeholder", "title"])
      for (const node of document.querySelectorAll(`[${name}]`)) {
        const said = inChinese(node.getAttribute(name));
        if (said) node.setAttribute(name, said);
      }
    for (const node of document.querySelectorAll("a, button")) {
      const said = node.childElementCount ? undefined : inChinese(node.textContent.trim());
      if (said) node.firstChild.data = said;
    }
    for (const node of document.querySelectorAll('[data-testid="stTooltipContent"], [data-testid="stSelectboxVirtualDropdownEmpty"]')) {
      const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const said = inChinese(walker.currentNode.data.trim());
        if (said) walker.currentNode.data = said;
      }
    }
  };

  /* The menu is ul > div > li, which is no list: groups with a name instead, whose heads open and close with the keyboard, too. */
  const menu = () => {
    for (const list of document.querySelectorAll('[data-testid="stSidebarNavItems"]')) {
      list.setAttribute("role", "none");
      for (const item of list.querySelectorAll("li")) item.setAttribute("role", "none");
      for (const head of list.querySelectorAll('[data-testid="stNavSectionHeader"]')) {
        const group = head.parentElement;
        group.setAttribute("role", "group");
        group.setAttribute("aria-label", head.querySelector("p")?.textContent ?? "");
        head.setAttribute("role", "button");
        head.setAttribute("tabindex", "0");
        head.setAttribute("aria-expanded", String(Boolean(group.querySelector("li"))));
      }
    }
  };
  document.addEventListener("keydown", (event) => {
    if (![" ", "Enter"].includes(event.key) || !event.target.matches?.('[data-testid="stNavSectionHeader"]')) return;
    event.preventDefault();
    event.target.click();
  });

  /* A chart is a picture with its words; the table under it has the figures. Finding and list stand one level below the page's title. */
  const charts = () => {
    for (const said of document.querySelectorAll(".jj-image[data-alt]")) {
      const chart = document.querySelector(`.st-key-${CSS.escape(said.dataset.chart)} .js-plotly-plot`);
      if (!chart) continue;
      chart.setAttribute("role", "img");
      chart.setAttribute("aria-label", said.dataset.alt);
    }
    for (const head of document.querySelectorAll('[data-testid="stHeading"] h3')) head.setAttribute("aria-level", "2");
    for (const drop of document.querySelectorAll('[data-testid="stFileUploaderDropzone"]')) drop.setAttribute("role", "group");
  };

  let waiting = false;
  const mend = () => {
    waiting = false;
    names();
    menu();
    charts();
  };
  const soon = () => {
    if (waiting) return;
    waiting = true;
    setTimeout(mend, 60);
  };
  document.documentElement.lang = "zh-CN";
  new MutationObserver(soon).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-label", "placeholder"] });
  mend();
})();
