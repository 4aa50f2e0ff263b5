/* The page that somebody asked for before they signed in: the provider sends everybody back to the front page, this sends them on.
   Kept in this tab alone, for ten minutes; only a page of the list is gone to, on this server, with parameters that are names and words. */
(() => {
  const PAGES = /*pages*/ [], SIGNED_IN = /*signed in*/ false, FROM = /*from*/ "";
  const KEY = "jj-wanted", MINUTES = 10, LONGEST = 4000;
  const last = location.pathname.replace(/\/+$/, "").split("/").pop();
  // On a fresh server a deep link has come through the front door already: the server says from which page.
  const page = PAGES.includes(last) ? last : PAGES.includes(FROM) ? FROM : "";
  const words = (query) => {
    const kept = new URLSearchParams();
    for (const [name, value] of new URLSearchParams(query)) if (/^[a-z_]{1,40}$/.test(name)) kept.append(name, value);
    return kept.toString();
  };
  if (!SIGNED_IN) {
    // The way back from a provider that refused is the bare front page: what was asked for before stays.
    if (page || location.search) sessionStorage.setItem(KEY, JSON.stringify([page, words(location.search), Date.now()]));
    return;
  }
  const noted = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  if (!noted || page || location.search) return;
  try {
    const [wanted, query, at] = JSON.parse(noted);
    if ((wanted && !PAGES.includes(wanted)) || query.length > LONGEST || !(Math.abs(Date.now() - at) < MINUTES * 60000)) return;
    const root = location.pathname.replace(/\/+$/, "");
    location.replace(`${location.origin}${root}/${wanted}${query ? "?" + words(query) : ""}`);
  } catch { /* not ours: stay here */ }
})();
