import type { AboutRun } from './about-run.ts'
import { reportData } from './report-data.ts'
import { showReport } from './report-script.ts'
import type { Run } from './run.ts'

/** The results as one HTML page, which contains its style and script and works offline. */
export function htmlReport(run: Run, about: AboutRun): string {
  const data = reportData(run, about)
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(data.title)}</title>
<style>${style}</style>
<h1>${escapeText(data.title)}</h1>
<dl id="about"></dl>
<form onsubmit="return false">
  <label>Files <input id="filter" type="search" placeholder="words of a path" autocomplete="off"></label>
  <label>Variant <select id="variant"><option value="">all</option></select></label>
  <label>Scope <select id="scope"><option value="">all</option></select></label>
  <label>Show <select id="only">
    <option value="">all files</option>
    <option value="failures">files with failures</option>
    <option value="differences">files that differ</option>
  </select></label>
</form>
<p class="legend"><span class="pass">✓ all pass</span> <span class="part">◐ some pass</span>
<span class="fail">✗ none passes</span> <span class="none">– not run</span> A tap or click on a file shows its messages.</p>
<div id="matrix" tabindex="0" role="region" aria-label="Results"><table><thead><tr id="heading"></tr></thead><tbody id="rows"></tbody></table></div>
<section id="not-run-section"><h2>Not run</h2><div id="not-run"></div></section>
<script type="application/json" id="data">${escapeData(JSON.stringify(data))}</script>
<script>(${showReport.toString()})(document, JSON.parse(document.getElementById('data').textContent))</script>
</html>
`
}

/** Passing is light blue and failing dark orange, which people with every kind of colour vision can tell apart. */
const style = `
:root { color-scheme: light; font: 15px/1.4 system-ui, sans-serif; color: #1a1a1a; background: #fff; }
body { margin: 1.5rem; }
h1 { font-size: 1.3rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; }
dt { color: #555; }
dd { margin: 0; overflow-wrap: anywhere; }
form { display: flex; flex-wrap: wrap; gap: 1rem; }
input, select { font: inherit; padding: .15rem .3rem; }
#filter { width: 18rem; max-width: 100%; }
.legend span { padding: .1rem .5rem; white-space: nowrap; }
table { border-collapse: collapse; }
thead th { position: sticky; top: 0; background: #fff; text-align: left; padding: .4rem .6rem; box-shadow: 0 1px #888; }
tbody th { text-align: left; font-weight: normal; }
th:first-child { padding-left: 0; }
td { padding: .15rem .6rem; border: 1px solid #fff; font-variant-numeric: tabular-nums; white-space: nowrap; }
.pass { background: #cfe5f5; }
.part { background: #f7c873; }
.fail { background: #b34700; color: #fff; }
.none { background: #e6e6e6; }
.totals th, .totals td { font-weight: bold; }
.file { cursor: pointer; }
.file:hover th { background: #f2f2f2; }
button { font: inherit; color: inherit; background: none; border: 0; padding: .15rem .6rem .15rem 0; cursor: pointer; }
button::before { content: '▸\\00a0'; }
button[aria-expanded='true']::before { content: '▾\\00a0'; }
.told { white-space: normal; padding: .5rem 1.5rem; background: #f7f7f7; }
.messages { margin: 0; padding-left: 1rem; }
.subtest { margin-top: .4rem; }
.expected { font-style: italic; }
summary { cursor: pointer; margin: .3rem 0; }
#not-run ul { margin: .2rem 0 .6rem; overflow-wrap: anywhere; }
pre { margin: .1rem 0 .1rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem; }
@media (max-width: 45rem) {
  body { margin: .8rem; }
  form { gap: .6rem; }
  dl { display: block; }
  dd { margin-bottom: .4rem; }
  /* More columns than fit scroll sideways, while the files stay. */
  #matrix { overflow-x: auto; }
  thead th { position: static; }
  #matrix tr > th:first-child { position: sticky; left: 0; background: #fff; width: 45vw; min-width: 45vw; overflow-wrap: anywhere; }
  button { text-align: left; padding: .35rem .3rem .35rem 0; }
  td { padding: .35rem .4rem; }
  .told { padding: .4rem; }
  .told > ul { width: calc(100vw - 4rem); position: sticky; left: .4rem; }
}
`

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

/** Escapes `<`, because inside of a script element a tag could end the element early. */
function escapeData(json: string): string {
  return json.replaceAll('<', '\\u003c')
}
