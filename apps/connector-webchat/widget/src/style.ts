/** The widget's whole look; the shadow root keeps it apart from the page's, and `!important` the host, which the page's rules reach. */
export const STYLE = `
:host{all:initial!important;--accent:#0b6e69;--on:#fff;--mine:#d9efec;--bg:#f5f6f7;--pane:#fff;--line:#e3e6e8;--text:#1b1f23;--soft:#57606a;--bad:#b3261e;
 display:block!important;position:fixed!important;right:20px!important;bottom:20px!important;z-index:2147483000!important;font:400 14px/1.55 "Inter","PingFang SC","Noto Sans CJK SC","Microsoft YaHei",system-ui,sans-serif!important;color:var(--text)!important}
@media(prefers-color-scheme:dark){:host([data-theme=auto]){--accent:#5cc7bd;--on:#0f1214;--mine:#173a37;--bg:#0f1214;--pane:#171b1e;--line:#2b3237;--text:#e7eaec;--soft:#a8b1b8;--bad:#ff9d94}}
*{box-sizing:border-box}button{font:inherit;color:inherit;border:0;background:none;cursor:pointer;padding:0}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.launch{position:relative;width:56px;height:56px;border-radius:50%;background:var(--accent);color:var(--on);display:grid;place-items:center;box-shadow:0 6px 20px rgb(0 0 0/.18)}
.launch svg{width:26px;height:26px}.badge{position:absolute;top:-2px;right:-2px;min-width:20px;height:20px;border-radius:10px;background:var(--bad);color:var(--on);font-size:12px;line-height:20px;padding:0 5px;text-align:center}
svg{width:20px;height:20px;fill:none;stroke:currentColor;stroke-width:1.7;stroke-linecap:round;stroke-linejoin:round;display:block}
.panel{position:absolute;right:0;bottom:0;width:372px;height:min(600px,calc(100vh - 40px));background:var(--bg);border:1px solid var(--line);border-radius:14px;box-shadow:0 12px 40px rgb(0 0 0/.2);display:flex;flex-direction:column;overflow:hidden}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
[hidden]{display:none!important}
header{flex:none;background:var(--accent);color:var(--on);padding:12px 16px;display:flex;align-items:center;gap:10px}header b{font-weight:600;font-size:15px;flex:1;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.note{background:#fff6dd;color:#8a5300;font-size:12px;padding:6px 16px}
.log{flex:1;overflow:auto;padding:16px;display:flex;flex-direction:column;gap:8px;overscroll-behavior:contain}
.day{align-self:center;color:var(--soft);font-size:12px}
.m{max-width:82%;display:flex;flex-direction:column;align-items:flex-start;gap:2px}.m.me{align-self:flex-end;align-items:flex-end}.m.sys{align-self:center;max-width:100%}
.m p{margin:0;padding:8px 12px;border-radius:12px 12px 12px 4px;background:var(--pane);border:1px solid var(--line);white-space:pre-wrap;overflow-wrap:anywhere}
.m.me p{background:var(--mine);border-color:transparent;border-radius:12px 12px 4px 12px}.m.sys p{background:none;border:0;color:var(--soft);font-size:12px;padding:0}
.m small{color:var(--soft);font-size:11px}.m small.bad{color:var(--bad)}.m small button{color:var(--accent);text-decoration:underline}
.m img{max-width:220px;max-height:220px;border-radius:10px;display:block;background:var(--line)}.m a{color:var(--accent)}
.typing{color:var(--soft);font-size:12px;padding:0 16px 6px;min-height:24px}
form{background:var(--pane);border-top:1px solid var(--line);padding:8px 10px;display:flex;align-items:flex-end;gap:8px}
textarea{flex:1;border:0;outline:0;resize:none;background:none;color:inherit;font:inherit;max-height:120px;padding:6px 2px;min-height:34px}
.close{width:32px;height:32px;display:grid;place-items:center;border-radius:8px;margin:-4px -6px -4px 0}.close:focus-visible{outline-color:var(--on)}textarea:focus-visible{outline:0}form:focus-within{border-top-color:var(--accent);box-shadow:0 -1px 0 var(--accent)}.icon{width:34px;height:34px;flex:none;display:grid;place-items:center;color:var(--soft);border-radius:8px}.send{flex:none;background:var(--accent);color:var(--on);border-radius:8px;height:34px;padding:0 14px;font-weight:600}.send:disabled{opacity:.5;cursor:default}
@media(max-width:460px){:host{right:12px!important;bottom:12px!important}.panel{position:fixed;inset:0;width:auto;height:auto;border-radius:0;border:0}textarea{font-size:16px}}
@media(prefers-reduced-motion:no-preference){.panel{animation:up .16s ease-out}@keyframes up{from{transform:translateY(12px);opacity:0}}}
`;
