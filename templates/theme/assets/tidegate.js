// The theme puts a <nav> with a copy button into every block of code, all without a name. Screen readers list them,
// so each gets one of its own.
new MutationObserver(() => {
  document.querySelectorAll(".md-code__nav:not([aria-label])").forEach((nav) => {
    const place = [...document.querySelectorAll(".md-content pre")].indexOf(nav.closest("pre"));
    nav.setAttribute("aria-label", `Code block ${place + 1}`);
  });
}).observe(document.body, { childList: true, subtree: true });
