import { TOKENS_CSS } from '../http/tokens.ts'

/** The invitation page's style sheet: light and dark, with no fonts or images to load. */
export const STYLE = `
${TOKENS_CSS}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;background:var(--ground);color:var(--ink);font:17px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;padding:20px 16px calc(20px + env(safe-area-inset-bottom));display:flex;flex-direction:column;align-items:center}
main{width:100%;max-width:440px;background:var(--paper);border-radius:20px;overflow:hidden;padding:36px 24px 28px;box-shadow:0 12px 40px rgba(60,40,20,.12);background-image:linear-gradient(var(--accent),var(--accent));background-size:100% 6px;background-repeat:no-repeat}
header{text-align:center}
.eyebrow{margin:0;color:var(--accent);font-size:13px;letter-spacing:.14em;text-transform:uppercase}
h1{margin:10px 0 12px;font:500 clamp(30px,9vw,40px)/1.12 Georgia,"Times New Roman",serif;overflow-wrap:anywhere;text-wrap:balance}
h2{margin:0 0 14px;font:500 24px/1.2 Georgia,"Times New Roman",serif;text-align:center}
.guest,.lead{margin:0;color:var(--soft);text-align:center;overflow-wrap:anywhere}
.guest strong{color:var(--ink);font-weight:600}
.words{margin:22px 0 0;text-align:center;overflow-wrap:anywhere}
.words p{margin:0 0 12px}
.facts{margin:24px 0;padding:18px 0;border:solid var(--line);border-width:1px 0;display:grid;grid-template-columns:auto 1fr;gap:14px 18px}
dt{color:var(--soft);font-size:14px;padding-top:2px}
dd{margin:0;overflow-wrap:anywhere}
a{color:var(--accent);text-underline-offset:3px}
form{display:grid;gap:12px}
label{font-size:15px;color:var(--soft)}
select,input,button{font:inherit;width:100%;min-height:52px;border-radius:14px;border:1px solid var(--line);background:var(--paper);color:var(--ink);padding:0 14px}
button{cursor:pointer;font-weight:600}
button.yes{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
.row{display:grid;grid-template-columns:1fr 1fr;gap:12px}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.given{margin:0 0 18px;text-align:center;font-weight:600;font-size:19px;text-wrap:balance}
.given.yes{color:var(--ok)}
.given.yes::before{content:"✓ "}
.pass{margin:0 0 20px;text-align:center}
.qr{background:#fff;border:1px solid var(--line);border-radius:16px;max-width:260px;overflow:hidden;margin:0 auto 12px}
.qr svg{display:block;width:100%;height:auto}
figcaption{color:var(--soft);font-size:15px}
.code{display:block;margin-top:4px;color:var(--ink);font:15px/1.4 ui-monospace,Menlo,Consolas,monospace;letter-spacing:.04em;overflow-wrap:anywhere}
details{border-top:1px solid var(--line);padding-top:14px}
summary{cursor:pointer;color:var(--accent);text-align:center;padding:8px;min-height:44px}
details[open] summary{margin-bottom:10px}
.notice{margin:20px 0 0;padding:12px 16px;border-radius:14px;border:1px solid var(--accent);text-align:center}
.join{margin-top:16px}
.thanks{text-align:center}
.thanks p{margin:0;color:var(--soft)}
footer{margin-top:18px;color:var(--soft);font-size:13px}
`
