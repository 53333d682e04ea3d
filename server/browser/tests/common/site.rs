//! A small web server: the files of tests/pages, and addresses that misbehave on purpose.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A running server. It listens on 127.0.0.1; as `localhost` it is another origin and site.
pub struct Site {
    port: u16,
    /// Heads of the requests, in the order in which they came.
    heads: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Site {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads = Arc::default();
        let heard = Arc::clone(&heads);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let heard = Arc::clone(&heard);
                tokio::spawn(async move {
                    let _ = serve(stream, port, &heard).await;
                });
            }
        });
        Self { port, heads, task }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Heads of the requests for an address, in lower case.
    pub fn heads(&self, target: &str) -> Vec<String> {
        let heads = self.heads.lock();
        let asked = |head: &&String| head.split_whitespace().nth(1) == Some(target);
        heads
            .iter()
            .filter(asked)
            .map(|head| head.to_lowercase())
            .collect()
    }

    /// The same server as another site.
    pub fn other_url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }
}

async fn serve(
    mut stream: TcpStream,
    port: u16,
    heads: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            count => head.extend_from_slice(&buffer[..count]),
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    heads.lock().push(head.clone());
    let target = head.split_whitespace().nth(1).unwrap_or("/");
    let path = target.split(['?', '#']).next().unwrap_or("/");
    let answer = match path {
        // Never answers.
        "/never" => {
            tokio::time::sleep(Duration::from_secs(600)).await;
            return Ok(());
        }
        "/slow" => {
            tokio::time::sleep(Duration::from_millis(400)).await;
            page("200 OK", "<title>slow</title><p>finally</p>")
        }
        "/missing.js" => page("404 Not Found", "no such script"),
        "/download" => answer(
            "200 OK",
            "text/plain\r\nContent-Disposition: attachment; filename=\"report.txt\"",
            b"quarterly figures",
        ),
        "/redirect" => answer("302 Found", "text/plain\r\nLocation: /plain.html", b""),
        _ => file(path, port),
    };
    stream.write_all(&answer).await?;
    stream.shutdown().await
}

fn file(path: &str, port: u16) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/pages");
    match std::fs::read_to_string(folder.join(path.trim_start_matches('/'))) {
        Ok(text) => page(
            "200 OK",
            &text.replace("{{OTHER}}", &format!("http://localhost:{port}")),
        ),
        Err(_) => page(
            "404 Not Found",
            "<title>not found</title><p>There is no such page.</p>",
        ),
    }
}

fn page(status: &str, body: &str) -> Vec<u8> {
    answer(status, "text/html; charset=utf-8", body.as_bytes())
}

fn answer(status: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Connection: close\r\nCache-Control: no-store\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}
