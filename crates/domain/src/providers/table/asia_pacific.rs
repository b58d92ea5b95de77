//! Asia and Australia.

use super::{Note, Provider, UserName, at};

pub(super) static ROWS: &[Provider] = &[
    at(
        "QQ Mail",
        "pop.qq.com",
        &["qq.com", "vip.qq.com", "foxmail.com"],
    )
    .noting(&[
        Note::SwitchOn {
            path: "Settings > Account > POP3/IMAP/SMTP",
        },
        Note::AppPassword {
            at: "(an authorization code) on their website under Settings > Account",
        },
    ]),
    at("NetEase 163", "pop.163.com", &["163.com"]).noting(NETEASE),
    at("NetEase 126", "pop.126.com", &["126.com"]).noting(NETEASE),
    at("NetEase Yeah", "pop.yeah.net", &["yeah.net"]).noting(NETEASE),
    at("Sina Mail", "pop.sina.com", &["sina.com"]).noting(&[Note::AppPassword {
        at: "(an authorization code) on their website in the settings for POP and SMTP",
    }]),
    at("China Mobile 139", "pop.139.com", &["139.com"]).noting(&[Note::AppPassword {
        at: "(an authorization code) on their website in the settings for POP3, SMTP and IMAP",
    }]),
    at("Aliyun Mail", "pop3.aliyun.com", &["aliyun.com"]),
    at("Naver", "pop.naver.com", &["naver.com"]).noting(&[Note::SwitchOn {
        path: "Settings (환경설정) > POP3/IMAP",
    }]),
    at("Daum", "pop.daum.net", &["daum.net", "hanmail.net"]).noting(&[Note::SwitchOn {
        path: "Settings (환경설정) > IMAP/POP3",
    }]),
    at(
        "Yahoo Japan",
        "pop.mail.yahoo.co.jp",
        &["yahoo.co.jp", "ymail.ne.jp"],
    )
    .named_by(UserName::LocalPart)
    .noting(&[Note::SwitchOn {
        path: "Settings > IMAP/POP/SMTP access (IMAP/POP/SMTPアクセス)",
    }]),
    at("Rediffmail", "pop.rediffmail.com", &["rediffmail.com"]),
    at(
        "Telstra",
        "pop.telstra.com",
        &[
            "bigpond.com",
            "bigpond.net.au",
            "bigpond.net",
            "telstra.com",
        ],
    ),
];

const NETEASE: &[Note] = &[
    Note::SwitchOn {
        path: "Settings > POP3/SMTP/IMAP",
    },
    Note::AppPassword {
        at: "(an authorization code) on their website under Settings > POP3/SMTP/IMAP",
    },
];
