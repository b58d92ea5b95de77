//! The pages that the browser is tested with.

use super::site::{Page, Site};

const FORM: &str = r#"<!doctype html><html lang="en"><title>Form</title>
<style>.shy::before { content: "Shy" }</style><h1>Retrieval</h1>
<form action="/done"><label for="name">Name of it</label><input id="name" name="name" value="old">
<label>Every <select name="every"><option value="5">5 minutes<option value="10">10 minutes</select></label>
<label><input type="checkbox" name="keep"> Keep</label>
<button hidden>Save</button><button aria-label="Save"><svg width="9" height="9"></svg></button></form>
<ul><li id="a">One <button>Remove</button><li id="b">Two <button type="button">Remove</button></ul>
<button class="shy"></button><p id="late"></p><a href="/done">All
   done</a>
<script>document.addEventListener('keydown', e => { document.title = (e.ctrlKey ? 'Control ' : '') + e.key });
document.querySelector('#b button').onclick = () => setTimeout(() => late.textContent = 'Two is gone', 300);
</script>"#;

/// Breaks rules, and would hide that from a script that the page's policy can stop.
const BAD: &str = r#"<!doctype html><html lang="en"><title>Bad</title><main><h1>Bad</h1>
<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><input name="nameless">
<p style="color:#999;background:#fff">Faint</p></main>"#;

const STYLE: &str = "body { background: #fff; color: #000; transition-duration: 1s }
@media (prefers-color-scheme: dark) { body { background: #000; color: #fff } }
@media (prefers-reduced-motion: reduce) { body { transition-duration: 0s } }
@media (prefers-contrast: more) { body { border-style: dotted } }
@media (forced-colors: active) { body { outline-style: solid } }";

const KEYS: &str = r#"<!doctype html><html lang="en"><title>Keys</title><style>
:focus { outline: 2px solid blue } .bare:focus { outline: none } .clear:focus { outline-color: transparent }
#bar { position: fixed; inset: 100px 0 auto; height: 100px; background: #eee }
#under { position: fixed; top: 110px }</style>
<a href="/" class="skip">Skip</a><button id="b" class="bare wide">Bare</button><div tabindex="0" class="clear">Div</div>
<button id="under">Under</button><div id="bar"></div><label>Field <input></label>
<div style="height:3000px"></div><a href="/done">Far down</a>"#;

const FRAMES: &str = r#"<!doctype html><html lang="en"><title>Frames</title>
<p></p><a target="_blank" href="/done">Away</a>
<img src="http://tracker.example.org/page.png"><img src="http://192.0.2.1/"><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">
<iframe sandbox srcdoc="Within <a>a frame</a><script>document.body.textContent = 'ran'</script><img src='http://tracker.example.org/frame.png'><img src='/pixel.svg'>"></iframe>
<script>fetch('/done?fetch', { method: 'POST', body: 'x' }); 
const come = e => document.querySelector('p').textContent += ' came ' + e.data;
new EventSource('/events').onmessage = come</script>
<script>missing.thing()</script>"#;

/// Keeps all rules, under the strictest of policies, and shows what was preferred.
fn good() -> Page {
    let body = r#"<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<title>Good</title><link rel="stylesheet" href="/style.css"><main><h1>Good</h1>
<p id="scripts">without scripts</p><noscript>None here</noscript><label>Name <input></label></main>
<script src="/script.js"></script>"#;
    Page {
        fields: "Content-Type: text/html; charset=utf-8\r\nContent-Security-Policy: default-src 'none'; \
                 style-src 'self'; script-src 'self'; require-trusted-types-for 'script'; trusted-types none\r\n",
        ..Page::html(body)
    }
}

/// A site of them all.
pub(super) fn site() -> Site {
    let plain = "<!doctype html><html lang=en><title>Done</title><h1>Done</h1><p>got {query}</p>";
    let long = r#"<!doctype html><html lang=en><meta name=viewport content="width=device-width">
<title>Long</title><div style="height:3000px">long</div><div class="fits">x</div>"#;
    let wide = r#"<!doctype html><html lang=en><meta name=viewport content="width=device-width">
<title>Wide</title><div id="wide" style="width:700px">wide</div>"#;
    let enter = Page {
        status: "303 See Other",
        fields: "Location: /done\r\nSet-Cookie: visitor=1; HttpOnly; SameSite=Lax\r\n",
        body: String::new(),
    };
    Site::serve([
        ("/", Page::html(FORM)),
        ("/done", Page::html(plain)),
        ("/bad", Page::html(BAD)),
        ("/good", good()),
        ("/keys", Page::html(KEYS)),
        ("/frames", Page::html(FRAMES)),
        ("/enter", enter),
        ("/long", Page::html(long)),
        ("/wide", Page::html(wide)),
        (
            "/events",
            Page {
                fields: "Content-Type: text/event-stream\r\n",
                ..Page::html("data: one\n\n")
            },
        ),
        (
            "/pixel.svg",
            Page {
                fields: "Content-Type: image/svg+xml\r\n",
                ..Page::html("<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>")
            },
        ),
        (
            "/style.css",
            Page {
                fields: "Content-Type: text/css\r\nCache-Control: max-age=600\r\n",
                ..Page::html(STYLE)
            },
        ),
        (
            "/script.js",
            Page {
                fields: "Content-Type: text/javascript\r\n",
                ..Page::html("scripts.textContent = 'with scripts'")
            },
        ),
    ])
    .unwrap()
}
