//! What a private Postfix finds when it starts: its package, main.cf, master.cf, and the program
//! that puts mail into the maildrop.

use std::fmt::Write as _;
use std::net::SocketAddr;

use super::{Copies, Provider};
use crate::lab::Kit;

/// Postfix, without settings for the machine it does not run on.
pub(crate) const KIT: Kit = Kit {
    name: "postfix",
    packages: &["postfix"],
    before: "echo 'postfix postfix/main_mailer_type select No configuration' | \
             debconf-set-selections",
    setup: "",
};

/// `main.cf`.
pub(super) fn main(provider: Provider, domains: &[&str], lmtp: SocketAddr) -> String {
    let mut text = format!("{COMMON}smtpd_banner = {}\n", greeting(lmtp));
    let domains = domains.join(" ");
    let more = match provider {
        Provider::DeliveredTo => format!(
            "virtual_mailbox_domains = {domains}\n\
             virtual_mailbox_maps = static:yes\n\
             virtual_transport = lmtp:inet:{lmtp}\n\
             lmtp_destination_recipient_limit = 1\n"
        ),
        Provider::OriginalTo => {
            let to_one = |domain| format!(" {{ @{domain} = catchall@isp.example }}");
            let aliases: Vec<_> = domains.split(' ').map(to_one).collect();
            format!(
                "virtual_alias_domains = {domains}\n\
                 virtual_alias_maps = inline:{{{} }}\n\
                 virtual_mailbox_domains = isp.example\n\
                 virtual_mailbox_base = /\n\
                 virtual_mailbox_maps = static:maildrop/\n\
                 virtual_minimum_uid = 1\n\
                 virtual_uid_maps = static:8\n\
                 virtual_gid_maps = static:8\n",
                aliases.join(",")
            )
        }
        Provider::EnvelopeTo(copies) | Provider::Silent(copies) => format!(
            "virtual_mailbox_domains = {domains}\n\
             virtual_mailbox_maps = static:yes\n\
             virtual_transport = catchall:maildrop\n\
             catchall_destination_recipient_limit = {}\n",
            match copies {
                Copies::PerRecipient => 1,
                Copies::One => 100,
            }
        ),
    };
    text.push_str(&more);
    text
}

/// What it greets with: no two that live at a time say the same.
pub(super) fn greeting(lmtp: SocketAddr) -> String {
    format!("mx.isp.example ESMTP for {lmtp}")
}

/// `master.cf`: who listens, and who delivers.
pub(super) fn services(provider: Provider, port: u16) -> String {
    let header = match provider {
        Provider::EnvelopeTo(_) => "Envelope-To",
        _ => "-",
    };
    let mut text = format!("127.0.0.1:{port} inet n - n - - smtpd\n");
    text.push_str(SERVICES);
    writeln!(
        text,
        "catchall unix - n n - - pipe\n  \
         user=mail argv={DELIVER_PATH} {header} ${{queue_id}} ${{recipient}}"
    )
    .expect("a String takes everything");
    text
}

/// Takes mail for the domains from anybody who can reach the loopback, and sends nothing anywhere:
/// what has no place here stays in the queue, where it is seen. Names are not looked up, and
/// nothing is added to what a sender wrote but `Received`.
const COMMON: &str = "\
compatibility_level = 3.6
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
data_directory = /var/lib/postfix
queue_directory = /var/spool/postfix
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.isp.example
mydomain = isp.example
myorigin = isp.example
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions =
smtpd_client_connection_count_limit = 0
local_header_rewrite_clients =
local_recipient_maps =
alias_maps =
alias_database =
recipient_delimiter =
biff = no
default_transport = retry:4.3.0 nothing leaves this machine
local_transport = $default_transport
relay_transport = $default_transport
default_process_limit = 100
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
in_flow_delay = 0
qmgr_clog_warn_time = 0
";

const SERVICES: &str = "\
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
";

pub(super) const DELIVER_PATH: &str = "/etc/postfix/deliver";

/// Writes a message into the maildrop, as a delivery agent does; 75 is EX_TEMPFAIL.
pub(super) const DELIVER: &str = r#"#!/bin/sh
# deliver HEADER|- QUEUE-ID RECIPIENT...
umask 077
header=$1 name=1700000000.$2.$$.testkit
shift 2
{
  if [ "$header" != - ]; then
    printf '%s: %s' "$header" "$1"
    shift
    for recipient; do printf ',\n\t%s' "$recipient"; done
    echo
  fi
  cat
} > "/maildrop/tmp/$name" && mv "/maildrop/tmp/$name" "/maildrop/new/$name" || exit 75
"#;
