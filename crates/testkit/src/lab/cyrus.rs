//! Cyrus: mail in files of its own, a master process that listens, users of its own.

use super::recipe::{Daemon, Keeps, Listens, Ports, Recipe};

pub(super) const RECIPE: Recipe = Recipe {
    packages: &["cyrus-pop3d", "cyrus-imapd", "sasl2-bin"],
    setup: "for user in u1 u2; do echo pass | saslpasswd2 -p -c $user; done
chown cyrus:sasl /etc/sasldb2
chmod 660 /etc/sasldb2",
    start: "mkdir -p /run/cyrus/socket /run/cyrus/lock /run/cyrus/proc
chown -R cyrus:mail /run/cyrus",
    listens: Listens::Itself(daemon),
    keeps: Keeps::OwnFiles,
    before_sign_in: &[],
    refusal: &["badlogin"],
};

fn daemon(ports: &Ports) -> Daemon {
    let Ports { pop3, imap } = ports;
    let services = format!(
        "START {{
  recover cmd=\"/usr/lib/cyrus/bin/ctl_cyrusdb -r\"
}}
SERVICES {{
  imap cmd=\"/usr/lib/cyrus/bin/imapd -U 30\" listen=\"127.0.0.1:{imap}\" prefork=0 maxchild=20
  pop3 cmd=\"/usr/lib/cyrus/bin/pop3d -U 30\" listen=\"127.0.0.1:{pop3}\" prefork=0 maxchild=20
}}
EVENTS {{
}}
"
    );
    Daemon {
        files: vec![
            ("/etc/imapd.conf", SETTINGS.into()),
            ("/etc/cyrus.conf", services),
        ],
        command: &[
            "sh",
            "-ec",
            "su -s /bin/sh cyrus -c /usr/lib/cyrus/bin/makedirs
exec /usr/lib/cyrus/bin/master -C /etc/imapd.conf -M /etc/cyrus.conf",
        ],
    }
}

/// A user's INBOX is made when the first message for it comes. Passwords are in `/etc/sasldb2`.
const SETTINGS: &str = "\
configdirectory: /var/lib/cyrus
defaultpartition: default
partition-default: /var/spool/cyrus/mail
autocreate_quota: 0
autocreate_post: yes
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_mech_list: PLAIN LOGIN CRAM-MD5 DIGEST-MD5
virtdomains: off
unixhierarchysep: yes
altnamespace: yes
popminpoll: 0
";
