//! `ennead gdb`: one GDB client debugs one run. Here are the connection and what becomes of the run when it ends; what the
//! client sees is in `target`.

mod monitor;
mod registers;
mod target;

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};

use ennead_sim::machine::debug::{Debugger, Stopped};
use gdbstub::common::Signal;
use gdbstub::conn::ConnectionExt;
use gdbstub::stub::run_blocking::{BlockingEventLoop, Event, WaitForStopReasonError};
use gdbstub::stub::{DisconnectReason, GdbStub, MultiThreadStopReason};

use crate::args;
use crate::failure::{Failure, Status};
use crate::output::{self, emit};
use crate::{run, text};
use target::Harts;

/// Cycles between two looks at the connection and at the guest's console.
const SLICE: u64 = 1 << 14;

pub(crate) fn gdb(args: &args::Gdb) -> Result<Status, Failure> {
    output::log(args.noise);
    let job = run::job(&args.program)?;
    let debugger = Debugger::new(job.machine()?, job.limits.engine, job.max_cycles());

    let address = match &args.listen {
        Some(address) => address.clone(),
        None => format!("127.0.0.1:{}", args.port),
    };
    let refuse = |error: io::Error| Failure::BadInput(format!("cannot listen on {address}: {error}"));
    let listener = TcpListener::bind(&address).map_err(refuse)?;
    let bound = listener.local_addr().map_err(refuse)?;
    eprintln!(
        "ennead: waiting on {bound}; in gdb-multiarch: file {}, then target remote {bound}",
        job.target.name
    );
    let (stream, client) = listener.accept().map_err(refuse)?;
    tracing::info!(%client, "connected");
    // Packets are small, and each waits for the one before.
    stream.set_nodelay(true).map_err(refuse)?;

    let mut harts = Harts::new(debugger, &job);
    let ended = GdbStub::new(stream).run_blocking::<EventLoop>(&mut harts);
    match ended {
        Ok(DisconnectReason::Disconnect) => while harts.run(u64::from(u32::MAX)).is_none_or(|stop| !ended_by(&stop)) {},
        Ok(reason) => tracing::info!(?reason, "the client left"),
        Err(error) => eprintln!("ennead: the connection to gdb broke: {error}"),
    }
    let Some(outcome) = harts.outcome().cloned() else {
        return Ok(Status::Guest(0));
    };
    let finished = job.finish(harts.machine(), &outcome);
    if !args.noise.quiet {
        emit(&text::render(&finished.report))?;
        finished
            .warnings
            .iter()
            .for_each(|warning| eprintln!("ennead: warning: {warning}"));
    }
    if let Some(mismatch) = &finished.mismatch {
        eprintln!("ennead: golden check failed: {mismatch}");
    }
    Ok(finished.status)
}

fn ended_by(stop: &Stopped) -> bool {
    matches!(stop, Stopped::Ended(_))
}

/// Guest output as it appears.
fn show(bytes: &[u8]) {
    let mut stdout = io::stdout().lock();
    // Nobody listening is no reason to disturb the person at the debugger.
    let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
}

/// Runs the machine while the client waits, and looks whether it still does.
enum EventLoop {}

type Waited = WaitForStopReasonError<&'static str, io::Error>;

impl BlockingEventLoop for EventLoop {
    type Target = Harts;
    type Connection = TcpStream;
    type StopReason = MultiThreadStopReason<u32>;

    fn wait_for_stop_reason(
        target: &mut Harts,
        connection: &mut TcpStream,
    ) -> Result<Event<MultiThreadStopReason<u32>>, Waited> {
        loop {
            if let Some(stop) = target.go_on(SLICE) {
                return Ok(Event::TargetStopped(stop));
            }
            if ConnectionExt::peek(connection)
                .map_err(WaitForStopReasonError::Connection)?
                .is_some()
            {
                let byte = ConnectionExt::read(connection).map_err(WaitForStopReasonError::Connection)?;
                return Ok(Event::IncomingData(byte));
            }
        }
    }

    fn on_interrupt(target: &mut Harts) -> Result<Option<MultiThreadStopReason<u32>>, &'static str> {
        Ok(Some(target.signal(Signal::SIGINT)))
    }
}
