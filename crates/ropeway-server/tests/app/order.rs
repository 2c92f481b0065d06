//! Handlers of one socket run one after the other; nothing is lost, and nobody waits for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ropeway_server::app::{App, Args, Data, Reply, Socket};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::client::{Client, Packet};
use crate::running::{Running, SOON, telling};

/// Opened by the test, passed by handlers.
fn gate() -> (Arc<Semaphore>, impl Fn() -> Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let copies = gate.clone();
    (gate, move || copies.clone())
}

#[test]
fn events_are_handled_in_their_order_whether_or_not_handlers_wait() {
    let (sender, told) = telling();
    let quick = sender.clone();
    let app = App::new();
    app.namespace("/")
        .on("slow", move |Data(number): Data<u64>| {
            let sender = sender.clone();
            async move {
                sleep(Duration::from_millis(number % 3)).await;
                let _ = sender.send(number);
            }
        })
        .on("quick", move |Data(number): Data<u64>| {
            let _ = quick.send(number);
        });
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    for number in 0..200 {
        client.emit(if number % 4 == 1 { "slow" } else { "quick" }, &json!([number]));
    }
    let heard: Vec<u64> = (0..200).map(|_| told.next()).collect();
    assert_eq!(heard, (0..200).collect::<Vec<_>>());
}

#[test]
fn an_async_handler_that_need_not_wait_is_done_at_once() {
    let app = App::new();
    app.namespace("/").on("at once", async |Data(number): Data<u64>| Reply(number));
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    assert_eq!(client.ask("at once", &json!([1])), [json!(1)]);
}

#[test]
fn sockets_do_not_wait_for_each_other() {
    let (gate, pass) = gate();
    let app = App::new();
    app.namespace("/")
        .on("wait", move || {
            let gate = pass();
            async move { drop(gate.acquire().await) }
        })
        .on("quick", || Reply(1));
    let server = Running::start(app);
    let mut first = Client::connect(&server, "/");
    let mut second = Client::connect(&server, "/");
    first.emit("wait", &json!([]));
    let waiting = first.emit_asking("quick", &json!([]));
    assert_eq!(second.ask("quick", &json!([])), [json!(1)]);
    gate.add_permits(1);
    assert_eq!(first.acknowledgement(waiting), [json!(1)]);
}

#[test]
fn concurrent_handlers_neither_wait_nor_are_waited_for() {
    let (gate, pass) = gate();
    let slow = pass();
    let app = App::new();
    app.namespace("/")
        .on("ordered", move || {
            let gate = slow.clone();
            async move { drop(gate.acquire().await) }
        })
        .on_concurrent("free", move |Data(waits): Data<bool>| {
            let gate = pass();
            async move {
                if waits {
                    drop(gate.acquire().await);
                }
                Reply(waits)
            }
        })
        .on("after", || Reply("after"));
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    let waiting = client.emit_asking("free", &json!([true]));
    assert_eq!(client.ask("after", &json!([])), [json!("after")], "nobody waits for it");
    client.emit("ordered", &json!([]));
    assert_eq!(client.ask("free", &json!([false])), [json!(false)], "it waits for nobody");
    gate.add_permits(2);
    assert_eq!(client.acknowledgement(waiting), [json!(true)]);
}

#[test]
fn more_concurrent_handlers_than_may_run_wait_for_their_turn() {
    let (gate, pass) = gate();
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let greatest = most.clone();
    let app = App::new();
    app.namespace("/").on_concurrent("wait", move || {
        let (gate, running, most) = (pass(), running.clone(), most.clone());
        async move {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            drop(gate.acquire().await);
            running.fetch_sub(1, Ordering::SeqCst);
            Reply(())
        }
    });
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    let asked: Vec<u64> = (0..100).map(|_| client.emit_asking("wait", &json!([]))).collect();
    // 64, and one whose turn it is.
    let start = Instant::now();
    while greatest.load(Ordering::SeqCst) < 65 && start.elapsed() < SOON {
        std::thread::yield_now();
    }
    gate.add_permits(1);
    for asked in asked {
        assert_eq!(client.acknowledgement(asked), [] as [Value; 0]);
    }
    assert_eq!(greatest.load(Ordering::SeqCst), 65, "at a time");
}

#[test]
fn a_handler_may_wait_for_an_acknowledgement_of_its_own_client() {
    let app = App::new();
    app.namespace("/").on("question", async |socket: Socket, Data(number): Data<u64>| {
        let answer: u64 = socket.emit_with_ack("back", number).await?;
        Ok::<_, ropeway_server::app::Error>(Reply(answer + 1))
    });
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    let asked = client.emit_asking("question", &json!([20]));
    let (name, arguments, ack) = client.question();
    assert_eq!((name.as_str(), arguments), ("back", json!([20])));
    client.acknowledge(ack, &json!([40]));
    assert_eq!(client.acknowledgement(asked), [json!(41)]);
}

/// The acknowledgement comes behind more events than are let wait otherwise: it is read all the same.
#[test]
fn an_acknowledgement_is_read_however_many_events_wait_before_it() {
    let handled = Arc::new(AtomicUsize::new(0));
    let count = handled.clone();
    let app = App::new();
    app.namespace("/")
        .on("question", async |socket: Socket| {
            let answer: u64 = socket.timeout(Duration::from_secs(60)).emit_with_ack("back", ()).await?;
            Ok::<_, ropeway_server::app::Error>(Reply(answer))
        })
        .on("event", move || {
            count.fetch_add(1, Ordering::SeqCst);
        })
        .on("count", move || Reply(handled.load(Ordering::SeqCst)));
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    let asked = client.emit_asking("question", &json!([]));
    let (_, _, ack) = client.question();
    for _ in 0..1000 {
        client.emit("event", &json!([]));
    }
    client.acknowledge(ack, &json!([5]));
    assert_eq!(client.acknowledgement(asked), [json!(5)]);
    assert_eq!(client.ask("count", &json!([])), [json!(1000)]);
}

/// The connection is not read while its handlers do not keep up, so what waits here is bounded; and then it is read
/// again.
#[test]
fn a_client_that_is_too_fast_is_not_read_from() {
    let (gate, pass) = gate();
    let (sender, told) = telling();
    let app = App::new();
    app.namespace("/")
        .on("first", move || {
            let gate = pass();
            async move { drop(gate.acquire().await) }
        })
        .on("event", move |Data(data): Data<(u64, String)>| {
            let _ = sender.send(data.0);
        });
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    client.emit("first", &json!([]));
    let long = "x".repeat(32 << 10);
    let sent = std::thread::scope(|scope| {
        let sent = Arc::new(AtomicUsize::new(0));
        let (counter, client) = (sent.clone(), &mut client);
        let sending = scope.spawn(move || {
            // 20 MB: more than the buffers of the kernel and of the server take.
            for number in 0..600 {
                client.emit("event", &json!([[number, long]]));
                counter.fetch_add(1, Ordering::SeqCst);
            }
        });
        let stuck = loop {
            let before = sent.load(Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(300));
            if sent.load(Ordering::SeqCst) == before {
                break before;
            }
        };
        gate.add_permits(1);
        sending.join().unwrap();
        stuck
    });
    assert!(sent < 600, "everything was read although nothing was handled");
    assert_eq!((0..600).map(|_| told.next()).collect::<Vec<u64>>(), (0..600).collect::<Vec<_>>());
}

#[test]
fn an_acknowledgement_that_does_not_come_is_an_error_in_time() {
    let app = App::new();
    app.namespace("/").on("question", async |socket: Socket| {
        let answer = socket.timeout(Duration::from_millis(50)).emit_with_ack::<Value>("back", ()).await;
        let error = answer.unwrap_err();
        Reply(Args((error.to_string(), error.is_timeout())))
    });
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    let asked = client.emit_asking("question", &json!([]));
    let (_, _, ack) = client.question();
    assert_eq!(client.acknowledgement(asked), [json!("no answer in time"), json!(true)]);
    client.acknowledge(ack, &json!([1]));
    client.nothing_more();
}

#[test]
fn an_answer_that_cannot_be_read_is_an_error() {
    let app = App::new();
    app.namespace("/").on("question", async |socket: Socket| {
        let answer = socket.emit_with_ack::<u64>("back", ()).await;
        Reply(answer.unwrap_err().to_string())
    });
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    let asked = client.emit_asking("question", &json!([]));
    let (_, _, ack) = client.question();
    client.acknowledge(ack, &json!(["text"]));
    let answer = client.acknowledgement(asked);
    assert!(answer[0].as_str().unwrap().starts_with("the client's answer cannot be read"), "{answer:?}");
}

#[test]
fn a_panic_ends_that_connection_only() {
    let (sender, told) = telling();
    let app = App::new();
    app.namespace("/")
        .on("sync", |Data(bad): Data<bool>| assert!(!bad, "it panics at once"))
        .on("async", async |Data(bad): Data<bool>| {
            sleep(Duration::from_millis(1)).await;
            assert!(!bad, "it panics later");
        })
        .on("fine", || Reply("fine"))
        .on_disconnect(move |socket: Socket| {
            let _ = sender.send(socket.id().to_owned());
        });
    let server = Running::start(app);
    let mut other = Client::connect(&server, "/");
    for event in ["sync", "async"] {
        let mut client = Client::connect(&server, "/");
        client.emit(event, &json!([true]));
        client.emit("fine", &json!([]));
        assert_eq!(client.read(), Packet::Closed);
        assert_eq!(told.next().len(), 20);
        assert_eq!(other.ask("fine", &json!([])), [json!("fine")]);
    }
    assert!(told.is_empty());
}
