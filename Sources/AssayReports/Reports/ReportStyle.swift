/// The style sheet and the script of a report. Neither has `<` or `&`, so both mean the same in HTML and in XML.
enum ReportStyle {
    /// Light and dark by what the reader's system asks for; always light on paper.
    static let sheet = """
        :root {
          color-scheme: light dark;
          --paper: #fff; --ink: #1b1b1b; --soft: #595959; --line: #d9d9d9; --shade: #f3f3f3;
          --bad: #a33b00; --good: #005a8f; --fine: #00664a;
          --s0: #0072b2; --s1: #d55e00; --s2: #009e73; --s3: #cc79a7; --s4: #e69f00; --s5: #56b4e9;
        }
        @media screen and (prefers-color-scheme: dark) {
          :root {
            --paper: #16181a; --ink: #ececec; --soft: #a9adb1; --line: #3a3e42; --shade: #22262a;
            --bad: #ff9a5c; --good: #7cc4f5; --fine: #4fd0a4;
            --s0: #4aa8e0; --s1: #ff8338; --s2: #2bc79a; --s3: #e7a0c6; --s4: #f0b93a; --s5: #9ad4f5;
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0 auto; max-width: 1320px; padding: 1rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
          font: 15px/1.45 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif;
        }
        h1, h2, h3, h4, p, td, th, li, dd, figcaption, summary, option { overflow-wrap: anywhere; }
        h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.25rem; margin: 2rem 0 .4rem; }
        h3 { font-size: 1rem; margin: 0 0 .2rem; } h4 { font-size: .8rem; font-weight: 600; margin: 0; }
        p { margin: .3rem 0; max-width: 75ch; } a { color: var(--good); }
        .soft, figcaption { color: var(--soft); }
        figcaption { font-size: .85rem; max-width: 100ch; }
        nav { margin: .5rem 0; font-size: .9rem; } nav a { margin-right: 1rem; }
        .worst { border-left: 6px solid currentColor; background: var(--shade); padding: .7rem 1rem; margin: .6rem 0; }
        .worst h2 { margin: 0; } .worst p { color: var(--ink); }
        .facts { display: flex; flex-wrap: wrap; gap: .2rem 2rem; margin: .4rem 0; color: var(--ink); }
        .facts dt { font-size: .8rem; color: var(--soft); }
        .facts dd { margin: 0; font-size: 1.2rem; font-weight: 600; max-width: 24em; }
        .next { margin: .4rem 0; padding-left: 1.2rem; } .failures { color: var(--bad); }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; font-size: .8rem; }
        th, td { padding: .2rem .5rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
        thead th { vertical-align: bottom; color: var(--soft); font-weight: 600; overflow-wrap: normal; }
        td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; overflow-wrap: normal; }
        td.name, th.name { min-width: 6.6em; max-width: 14em; } td.note { min-width: 11em; max-width: 26em; color: var(--soft); }
        table.verdicts th, table.verdicts td { padding: .2rem .35rem; }
        table.arms td, table.verdicts td:first-child { white-space: nowrap; } table.arms td:last-child { white-space: normal; }
        td.none { color: var(--soft); }
        td.v-regression, td.v-improvement, td.material { font-weight: 600; }
        .v-regression { color: var(--bad); } .v-improvement { color: var(--good); } .v-no-regression { color: var(--fine); }
        .v-undecided { color: var(--soft); }
        td.drawing { padding: 0 .3rem; }
        svg.strip { display: block; width: 180px; height: 18px; margin-top: 2px; }
        .strip .band { fill: var(--line); opacity: .55; } .strip .zero { stroke: var(--soft); }
        .strip .interval { stroke: currentColor; stroke-width: 2; } .strip .dot, .strip .arrow { fill: currentColor; }
        .figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 540px), 1fr)); gap: 1.4rem 2rem; }
        figure { margin: 0; padding: 0; min-width: 0; } figure.many { grid-column: 1 / -1; }
        .single { max-width: 620px; } .panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(270px, 1fr)); gap: .8rem; }
        svg.plot { display: block; width: 100%; height: auto; }
        svg text { font: 11px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: var(--soft); }
        svg .name { fill: var(--ink); } svg .label text { fill: var(--ink); }
        .plot .grid { stroke: var(--line); stroke-width: .7; } .plot .axis { stroke: var(--soft); }
        .plot .guide { stroke: var(--soft); stroke-dasharray: 5 4; }
        .plot .line { fill: none; stroke: currentColor; } .plot .mark { fill: currentColor; }
        .plot .interval { stroke: currentColor; stroke-width: 1.3; opacity: .75; }
        .plot .event { fill: none; stroke: currentColor; stroke-width: 2; }
        .plot .leader { stroke: currentColor; stroke-width: 1; opacity: .7; }
        .s-control { color: var(--ink); } .s-reference { color: var(--soft); }
        .s0 { color: var(--s0); } .s1 { color: var(--s1); } .s2 { color: var(--s2); }
        .s3 { color: var(--s3); } .s4 { color: var(--s4); } .s5 { color: var(--s5); }
        .legend { list-style: none; display: flex; flex-wrap: wrap; gap: .1rem 1.2rem; margin: .3rem 0; padding: 0; font-size: .85rem; }
        svg.swatch { display: inline-block; width: 18px; height: 12px; vertical-align: -1px; }
        table.matrix td { text-align: center; white-space: nowrap; } table.matrix td.left { text-align: left; white-space: normal; min-width: 7em; }
        table.matrix th.name { min-width: 9em; }
        td.fired { background: var(--bad); color: var(--paper); font-weight: 600; } td.partly { box-shadow: inset 0 0 0 2px var(--bad); }
        td.quiet { color: var(--soft); }
        details { margin: .4rem 0; } summary { cursor: pointer; color: var(--soft); font-size: .85rem; }
        details .scroll { max-height: 30rem; overflow: auto; }
        dt { font-weight: 600; } dd { margin: 0 0 .4rem 1rem; max-width: 75ch; }
        select { font: inherit; max-width: 22em; }
        @page { size: A4 landscape; margin: 12mm; }
        @media print {
          body { max-width: none; padding: 0; font-size: 10pt; }
          nav, #filter, details.data { display: none; }
          .scroll, details .scroll { overflow: visible; max-height: none; }
          table { font-size: 7pt; } th, td { padding: 1pt 3pt; } td.name, th.name { min-width: 8em; } td.note { min-width: 0; }
          svg.strip { width: 150px; height: 12px; }
          figure, .panel, tr, .worst { break-inside: avoid; } h2, h3, h2 + p { break-after: avoid; }
          .figures { grid-template-columns: 1fr 1fr; } .panels { grid-template-columns: repeat(3, 1fr); }
          * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
        }

        """

    /// The filter of the verdicts; and on paper, where nothing can be opened, everything is.
    static let script = """
        (function () {
          "use strict";
          var bar = document.getElementById("filter");
          var others = Array.from(document.querySelectorAll("details.others"));
          window.addEventListener("beforeprint", function () {
            others.forEach(function (part) { part.open = true; });
          });
          if (bar === null) { return; }
          var arm = document.getElementById("filter-arm");
          var verdict = document.getElementById("filter-verdict");
          var rows = Array.from(document.querySelectorAll("tr[data-arm]"));
          function differs(choice, value) { return choice === "" ? false : choice !== value; }
          function apply() {
            var shown = 0;
            rows.forEach(function (row) {
              row.hidden = differs(arm.value, row.getAttribute("data-arm"))
                || differs(verdict.value, row.getAttribute("data-verdict"));
              if (!row.hidden) { shown += 1; }
            });
            document.getElementById("filter-count").textContent = shown + " of " + rows.length + " rows";
          }
          arm.addEventListener("change", apply);
          verdict.addEventListener("change", apply);
          bar.hidden = false;
          apply();
        }());

        """
}
