"""Mails that try to run something in their reader's browser.

Each calls `ran()`, which the tests define, or opens a dialog, or fetches from another host.
"""

from __future__ import annotations

from email.message import EmailMessage

ELSEWHERE = "https://elsewhere.example.net"

HTML: tuple[str, ...] = (
    "<script>ran()</script>",
    "<p>Bonjour<script src='https://elsewhere.example.net/a.js'></script></p>",
    "<img src=x onerror=ran()>",
    "<img src=x onerror=&#114;&#97;&#110;&#40;&#41;>",
    "<svg onload=ran()></svg>",
    "<svg><script>ran()</script></svg>",
    "<svg><a xlink:href='javascript:ran()'><text x=20 y=20>ici</text></a></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=ran()></style></mglyph></table>",
    "<a href='javascript:ran()'>ouvrir</a>",
    "<a href=' &#1; java\tscript:ran()'>ouvrir</a>",
    "<a href='data:text/html,<script>ran()</script>'>ouvrir</a>",
    "<a href='vbscript:ran()'>ouvrir</a>",
    "<iframe src='javascript:parent.ran()'></iframe>",
    "<iframe srcdoc='<script>parent.ran()</script>'></iframe>",
    "<object data='data:text/html,<script>parent.ran()</script>'></object>",
    "<embed src='javascript:ran()'>",
    "<body onload=ran()><p>Bonjour</p></body>",
    "<details open ontoggle=ran()><summary>Plus</summary>texte</details>",
    "<input autofocus onfocus=ran()>",
    "<video><source onerror=ran()></video>",
    "<form action='javascript:ran()'><button>Continuer</button></form>",
    "<button formaction='javascript:ran()'>Continuer</button>",
    "<meta http-equiv=refresh content='0;url=javascript:ran()'>",
    "<base href='https://elsewhere.example.net/'><img src=pixel.png>",
    "<style>@import 'https://elsewhere.example.net/a.css'; p { background: url(//x) }</style>",
    "<link rel=stylesheet href='https://elsewhere.example.net/a.css'>",
    "<p style='background:url(https://elsewhere.example.net/p.png)'>Bonjour</p>",
    "<noscript><p title='</noscript><img src=x onerror=ran()>'></noscript>",
    "<<script>script>ran()<</script>/script>",
    "<template><script>ran()</script></template><p onpointerenter=ran()>Bonjour</p>",
    "<p>--><!-- ><img src=x onerror=ran()> --></p>",
    "<textarea></textarea><img src=x onerror=ran()></textarea>",
)
"""Bodies of HTML mails."""

PLAIN: tuple[str, ...] = (
    "<script>ran()</script> et <img src=x onerror=ran()>",
    "> <script>ran()</script>\n\n[ouvrir](javascript:ran())",
    "http://example.org/\"onmouseover=\"ran() et http://example.org/'onclick='ran()",
    "www.example.org/<svg/onload=ran()>",
)
"""Bodies of plain mails."""

SUBJECTS: tuple[str, ...] = (
    "<script>ran()</script>",
    '"><img src=x onerror=ran()>',
    "</title><script>ran()</script>",
)

FILES: tuple[tuple[str, str, str, bytes], ...] = (
    ("text", "html", "page.html", b"<script>ran()</script>"),
    ("image", "svg+xml", "dessin.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="ran()"/>'),
    ("text", "plain", '"><img src=x onerror=ran()>.txt', b"<script>ran()</script>"),
)
"""Attachments: kind, subtype, name, content."""


def hostile_mails(author: str, to: str, root: str) -> list[EmailMessage]:
    """All of them as mails that answer `root`."""
    mails: list[EmailMessage] = []
    for body in HTML:
        mails.append(_mail(author, to, root, len(mails), "Re: Salle"))
        mails[-1].set_content(f"<html><p>Message {len(mails)}</p>{body}</html>", subtype="html")
    for body in PLAIN:
        mails.append(_mail(author, to, root, len(mails), "Re: Salle"))
        mails[-1].set_content(f"{body}\n\nMessage {len(mails)}\n")
    for subject in SUBJECTS:
        mails.append(_mail(author, to, root, len(mails), subject))
        mails[-1].set_content(f"Message {len(mails)} sur la salle\n")
    mails.append(
        _mail(f'"<img src=x onerror=ran()>" <{author}>', to, root, len(mails), "Re: Salle")
    )
    mails[-1].set_content("Un nom étrange\n")
    for kind, subtype, name, content in FILES:
        mails.append(_mail(author, to, root, len(mails), "Re: Salle"))
        mails[-1].set_content(f"Message {len(mails)} avec un fichier\n")
        mails[-1].add_attachment(content, maintype=kind, subtype=subtype, filename=name)
    return mails


def _mail(author: str, to: str, root: str, number: int, subject: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = author
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = f"Mon, 01 Mar 2010 10:{number % 60:02}:00 +0000"
    message["Message-ID"] = f"<hostile{number}.{root}>"
    message["In-Reply-To"] = f"<{root}>"
    return message
