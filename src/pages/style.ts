import { TOKENS_CSS } from '../http/tokens.ts'

/** The style sheet of the pages that the server writes: light and dark, without fonts or images to load. */
export const STYLE = `${TOKENS_CSS}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;background:var(--ground);color:var(--ink);font:17px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;padding:24px 16px calc(24px + env(safe-area-inset-bottom));display:flex;flex-direction:column;align-items:center}
main{width:100%;max-width:440px;margin:auto;background:linear-gradient(var(--accent),var(--accent)) 0 0/100% 6px no-repeat var(--paper);border-radius:20px;padding:36px 24px 30px;overflow-wrap:anywhere}
main.wide{max-width:760px}
.brand{margin:0;color:var(--accent);font-size:13px;letter-spacing:.14em;text-transform:uppercase}
h1{margin:8px 0 16px;font:500 28px/1.2 Georgia,"Times New Roman",serif;text-wrap:balance}
h2{margin:36px 0 12px;font:500 20px/1.2 Georgia,"Times New Roman",serif}
p{margin:0 0 16px}
.soft,.hint{color:var(--soft)}
.hint{font-size:15px;margin:4px 0 0}
a{color:var(--accent);text-underline-offset:3px}
form{display:grid;gap:16px}
form+p{margin:16px 0 0}
label{display:block;font-size:15px;margin-bottom:4px}
input{font:inherit;width:100%;min-height:52px;border:1px solid var(--edge);border-radius:8px;background:var(--paper);color:var(--ink);padding:0 14px}
button{font:inherit;font-weight:600;min-height:52px;padding:0 20px;border:1px solid var(--accent);border-radius:14px;background:var(--accent);color:var(--on-accent);cursor:pointer}
button.plain{background:none;color:var(--accent)}
:focus-visible{outline:3px solid var(--ink);outline-offset:2px}
.notice{margin:0 0 16px;padding:12px 16px;border:1px solid var(--bad);border-radius:14px;color:var(--bad)}
.notice.good{border-color:var(--ok);color:var(--ok)}
.notice.calm{border-color:var(--warn);color:var(--warn)}
.bar{display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center;justify-content:space-between}
ul{list-style:none;margin:0;padding:0}
.places li,.checks li,.logins li{padding:12px 0;border-top:1px solid var(--line)}
.places a{font-weight:600}
.places span{display:block}
.checks li{display:grid;grid-template-columns:auto 1fr;gap:0 12px}
.checks small{grid-column:2;color:var(--soft);font-size:14px}
.ok{color:var(--ok)}
.bad{color:var(--bad)}
.logins li{display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center;justify-content:space-between}
code{font:15px/1.4 ui-monospace,Menlo,Consolas,monospace}
footer{margin-top:16px;color:var(--soft);font-size:14px}
[hidden]{display:none}`
