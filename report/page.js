"use strict";
(function () {
  var byId = function (id) { return document.getElementById(id); };
  var all = function (q, el) { return Array.prototype.slice.call((el || document).querySelectorAll(q)); };
  var form = byId("filter");

  // The language of the page follows the switch, for screen readers and breaks.
  all("input[name=lang]").forEach(function (radio) {
    var set = function () { if (radio.checked) document.documentElement.lang = radio.id.slice(5); };
    radio.addEventListener("change", set);
    set();
  });

  // The page for auditors has nothing to filter.
  if (form) {
    // Each card and row is looked at once; its text is read at the first search.
    var cards = all(".card").map(function (el) {
      return {
        el: el, severity: el.dataset.v, service: el.dataset.svc, standards: el.dataset.std.split("|"),
        list: el.querySelector(".rs"), text: null,
        rows: all(".r", el).map(function (r) { return { el: r, status: r.dataset.s, account: r.dataset.a, text: null }; })
      };
    });
    var headText = function (c) {
      if (c.text === null) {
        c.text = all("header, .why, .fix", c.el).map(function (e) { return e.textContent; }).join(" ").toLowerCase();
      }
      return c.text;
    };
    var rowText = function (r) {
      if (r.text === null) r.text = r.el.textContent.toLowerCase();
      return r.text;
    };
    var hide = function (el, yes) { if (el.hidden !== yes) el.hidden = yes; };
    var picked = function (name) {
      var m = {};
      all("input[name=" + name + "]", form).forEach(function (i) { m[i.value] = i.checked; });
      return m;
    };

    var apply = function () {
      var severity = picked("severity"), status = picked("status");
      var account = byId("account").value, service = byId("service").value, standard = byId("standard").value;
      var words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
      var total = 0;
      cards.forEach(function (c) {
        var n = 0;
        var on = severity[c.severity] && (!service || c.service === service) &&
          (!standard || c.standards.indexOf(standard) >= 0);
        if (on) {
          var left = words.filter(function (w) { return headText(c).indexOf(w) < 0; });
          c.rows.forEach(function (r) {
            var ok = status[r.status] && (!account || r.account === account) &&
              left.every(function (w) { return rowText(r).indexOf(w) >= 0; });
            hide(r.el, !ok);
            if (ok) n++;
          });
          if (words.length && left.length && n > 0 && n <= 50) c.list.open = true;
        }
        hide(c.el, n === 0);
        total += n;
      });
      byId("shown").textContent = String(total);
      hide(byId("none"), total > 0 || cards.length === 0);
    };

    var timer = 0;
    var soon = function () { clearTimeout(timer); timer = setTimeout(apply, 120); };
    form.addEventListener("input", function (e) { if (e.target.id === "search") soon(); else apply(); });
    form.addEventListener("reset", function () { setTimeout(apply, 0); });
    form.addEventListener("submit", function (e) { e.preventDefault(); apply(); });
    var fold = function (open) {
      return function () { cards.forEach(function (c) { if (!c.el.hidden) c.list.open = open; }); };
    };
    byId("expand").addEventListener("click", fold(true));
    byId("collapse").addEventListener("click", fold(false));

    form.hidden = false;
    apply();
  }

  // A file opened from disk may have no clipboard: then the text is selected.
  var label = function (b, id) { b.replaceChildren.apply(b, all("#" + id + " > *").map(function (n) { return n.cloneNode(true); })); };
  all(".code").forEach(function (box) {
    var b = document.createElement("button");
    b.type = "button";
    label(b, "copy");
    b.addEventListener("click", function () {
      var pre = box.querySelector("pre");
      var done = function () { label(b, "copied"); setTimeout(function () { label(b, "copy"); }, 1600); };
      var select = function () {
        var s = getSelection();
        s.selectAllChildren(pre);
        if (document.execCommand("copy")) done();
      };
      if (navigator.clipboard) navigator.clipboard.writeText(pre.textContent).then(done, select);
      else select();
    });
    box.appendChild(b);
  });

  var opened = [];
  addEventListener("beforeprint", function () {
    opened = all("details:not([open])");
    opened.forEach(function (d) { d.open = true; });
  });
  addEventListener("afterprint", function () { opened.forEach(function (d) { d.open = false; }); });
})();
