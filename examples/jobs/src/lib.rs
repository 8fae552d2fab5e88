//! A job queue: what a user submits is worked off one after the other, and only that user hears how it goes.

mod queue;
mod work;

use wirecall::server::AuthRequest;
use wirecall::{
    CallError, ErrorKind, Events, Reply, RpcError, Server, ServerHandle, Service, ServiceError, Session,
    UserId,
};

pub use queue::Queue;
pub use work::Work;

/// The number of a job.
#[wirecall::message]
#[derive(Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobId(u64);

/// How far a job is.
#[wirecall::message]
#[derive(PartialEq, Eq)]
pub enum State {
    /// Others are before it.
    Queued,
    /// It is being worked on.
    Running {
        /// In percent.
        progress: u8,
    },
    /// It has a result.
    Done {
        /// The result.
        result: u64,
    },
    /// It cannot be done.
    Failed {
        /// Why not.
        reason: String,
    },
    /// Its user did not want it any more.
    Cancelled,
}

/// A job.
#[wirecall::message]
#[derive(PartialEq, Eq)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// The key that it was submitted with.
    pub key: String,
    /// How far it is.
    pub state: State,
}

/// The queue.
#[derive(Service)]
#[rpc(name = "jobs", error = JobError, events = JobEvent, peer = Approval)]
pub enum Jobs {
    /// Submits work under a key of the caller's choice. The same key again gives the same job, so that nothing runs twice.
    #[rpc(returns = Job, idempotent, serial = "key", timeout = "1m")]
    Submit {
        #[check(length(min = 1, max = 64), pattern = "^[A-Za-z0-9-]+$")]
        key: String,
        work: Work,
    },
    /// How far a job is.
    #[rpc(returns = Job, idempotent)]
    Status { id: JobId },
    /// Ends a job that is not at its end; leaves another as it is.
    #[rpc(returns = Job, idempotent)]
    Cancel { id: JobId },
}

/// What the queue asks of the program that submits.
#[derive(Service)]
#[rpc(name = "approval", side = "client")]
pub enum Approval {
    /// Whether work of that many steps may begin. Who does not answer this is not asked.
    #[rpc(returns = bool)]
    Approve { key: String, steps: u64 },
}

/// What can go wrong.
#[derive(Debug, ServiceError)]
pub enum JobError {
    /// The caller has no such job.
    #[rpc(code = 1001)]
    JobNotFound { id: JobId },
    /// The key stands for other work already.
    #[rpc(code = 1002)]
    KeyTaken { id: JobId },
    /// The work was not approved.
    #[rpc(code = 1003)]
    NotApproved { steps: u64 },
    /// Too many jobs wait. Come back later.
    #[rpc(code = 1004, retryable)]
    QueueFull { waiting: u32 },
}

/// What the user who submitted hears.
#[derive(Debug, Events)]
pub enum JobEvent {
    /// A step was made.
    Progress { id: JobId, percent: u8 },
    /// The job has a result.
    Done { id: JobId, result: u64 },
    /// The job cannot be done.
    Failed { id: JobId, reason: String },
}

/// From this number of steps on the submitting program is asked.
pub const ASK_FROM: u64 = 100_000_000;

impl JobsHandler for Queue {
    /// Everything here is for users.
    type Context = (UserId, Session);

    async fn submit(&self, (user, session): Self::Context, key: String, work: Work) -> Reply<Job, JobError> {
        if let Some(job) = self.find(&user, &key, &work)? {
            return Ok(job);
        }
        let steps = work.steps();
        if steps >= ASK_FROM {
            match session.peer::<ApprovalClient>().approve(key.clone(), steps).await {
                Ok(true) => {}
                Ok(false) => return Err(JobError::NotApproved { steps }.into()),
                Err(CallError::Rpc(error)) if error.kind() == ErrorKind::MethodNotFound.name() => {}
                Err(_) => {
                    return Err(RpcError::new(ErrorKind::Unavailable, "nobody approved or refused").into());
                }
            }
        }
        Ok(self.submit(user, key, work)?)
    }

    async fn status(&self, (user, _): Self::Context, id: JobId) -> Reply<Job, JobError> {
        Ok(self.status(&user, id)?)
    }

    async fn cancel(&self, (user, _): Self::Context, id: JobId) -> Reply<Job, JobError> {
        Ok(self.cancel(&user, id)?)
    }
}

/// Tells the user of a job.
fn tell(server: &ServerHandle, user: &UserId, event: JobEvent) {
    // Nothing in these events can fail to be written, and nobody is there to be told if it did.
    drop(server.user(user).emit(event));
}

/// The token of a user of this example is `secret-of-` and the name.
async fn sign_in(request: AuthRequest) -> Result<Option<UserId>, RpcError> {
    match request.token().and_then(|token| token.strip_prefix("secret-of-")) {
        Some(name) if !name.is_empty() => Ok(Some(UserId::from(name))),
        _ => Err(RpcError::new(ErrorKind::Unauthenticated, "the token is not valid")),
    }
}

/// The server, and the task that works its queue off. To be called inside of a runtime.
///
/// # Errors
/// What the builder refuses.
pub fn server() -> Result<Server, wirecall::server::Error> {
    let builder = Server::builder();
    let queue = Queue::start(builder.handle());
    builder.service(Jobs::serve(queue)).authenticate(sign_in).build()
}
