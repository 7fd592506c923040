// A table that is wider than the page scrolls in its own frame, which Material makes;
// without a link in it no key would get there. So the frame takes the focus itself.
(function () {
  "use strict";

  function reach() {
    document.querySelectorAll(".md-typeset__scrollwrap").forEach(function (frame) {
      if (frame.scrollWidth > frame.clientWidth) {
        frame.tabIndex = 0;
      } else {
        frame.removeAttribute("tabindex");
      }
    });
  }

  addEventListener("load", reach);
  addEventListener("resize", reach);
})();
