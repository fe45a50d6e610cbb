//! Ends the server when this process ends, however it ends.
//!
//! A shell waits on a pipe that only this process holds. When the pipe is closed, by a drop, an
//! exit, a panic or a kill -9, the shell ends what runs in the server's folder and removes it.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::Error;
use crate::error::Tried as _;

/// Only a process that names the folder on its command line is ours: numbers are used again.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
read -r end
pid=$(head -n 1 "$1/pid" 2>/dev/null || true)
if [ -n "$pid" ] && tr '\0' ' ' < "/proc/$pid/cmdline" 2>/dev/null | grep -qF "$1"; then
    children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
    kill -KILL "$pid" $children 2>/dev/null
fi
for try in 1 2 3 4 5; do
    rm -rf "$1" 2>/dev/null && break
    sleep 0.2
done
"#;

#[derive(Debug)]
pub(crate) struct Guardian {
    shell: Child,
}

impl Guardian {
    /// Watches over a server whose process number is the first line of `folder/pid`.
    pub(crate) fn over(folder: &Path) -> Result<Self, Error> {
        use std::os::unix::process::CommandExt as _;
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "guardian"])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // An interrupt from the terminal is for the test, which closes the pipe by its end.
            .process_group(0)
            .spawn()
            .tried(|| "cannot start the shell that ends a server".to_owned())?;
        Ok(Self { shell })
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // Nothing could be done about a shell that cannot be waited for.
        drop(self.shell.wait());
    }
}
