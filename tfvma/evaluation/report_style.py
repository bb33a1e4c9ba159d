"""The look of the report: light, one column, from phone to desktop."""

CSS = """
:root { color-scheme: light; --ink: #1f2933; --grey: #5b6470; --line: #d5d9de; --blue: #0072b2; }
* { box-sizing: border-box; }
body { margin: 0; background: #fff; color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 2rem 1rem 3rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1rem; margin: 2rem 0 .5rem; }
p { margin: .5rem 0; }
.small, figcaption, footer { color: var(--grey); font-size: .875rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.75rem, 1fr)); gap: .75rem;
  list-style: none; margin: 1.25rem 0 0; padding: 0; }
.tiles li { border-top: 3px solid var(--blue); padding-top: .4rem; }
.tiles b { display: block; font-size: 1.15rem; font-variant-numeric: tabular-nums; }
.tiles span { color: var(--grey); font-size: .875rem; }
.wide { overflow-x: auto; }
th.left, td.left { text-align: left; white-space: normal; }
th.left:not(:empty) { min-width: 8rem; }
td.words { white-space: normal; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .5rem; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--grey); font-size: .875rem; font-weight: 600; }
.protocol th { padding-top: 1.1rem; white-space: normal; }
.protocol small { display: block; color: var(--grey); font-weight: 400; overflow-wrap: anywhere; }
td small { display: block; color: var(--grey); }
.links a { margin-right: 1rem; }
a { color: var(--blue); }
sup, sub { line-height: 0; }
figure { margin: 0; }
img { display: block; width: 100%; height: auto; }
figcaption { margin-top: .6rem; }
pre { background: #f3f5f7; padding: .75rem; overflow-x: auto; font-size: .875rem; margin: .5rem 0; }
details { margin-top: 1rem; }
summary { cursor: pointer; color: var(--blue); }
.settings td { font-size: .875rem; white-space: normal; overflow-wrap: anywhere; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1rem; }
@media (min-width: 80rem) {
  .across { margin: 0 -13rem; }
}
@media (max-width: 30rem) {
  main { padding: 1.25rem .9rem 2rem; }
  th, td, thead th { padding: .3rem .25rem; font-size: .8125rem; }
  td:first-child { white-space: normal; overflow-wrap: anywhere; }
  .across td:first-child { white-space: nowrap; }
  .tiles li:first-child { grid-column: 1 / -1; }
}
"""
