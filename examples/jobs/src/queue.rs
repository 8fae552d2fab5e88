//! The jobs and the task that works them off. It knows the wire only by its events.

use crate::work::{Begun, Step};
use crate::{Job, JobError, JobEvent, JobId, State, Work, tell};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;
use wirecall::{ServerHandle, UserId};

/// So many jobs may wait.
const WAITING: u32 = 100;

/// The queue: its jobs, and the way to the task that works them off.
#[derive(Debug)]
pub struct Queue {
    jobs: Jobs,
    waiting: mpsc::Sender<JobId>,
}

type Jobs = Arc<Mutex<BTreeMap<JobId, Entry>>>;

#[derive(Debug)]
struct Entry {
    user: UserId,
    work: Work,
    job: Job,
}

impl Queue {
    /// A queue whose task tells the users of this server. The task ends with the queue.
    pub fn start(server: ServerHandle) -> Self {
        let (waiting, next) = mpsc::channel(WAITING as usize);
        let jobs = Jobs::default();
        tokio::spawn(work_off(Arc::clone(&jobs), next, server));
        Self { jobs, waiting }
    }

    /// The job of this key, if it was submitted before.
    pub(crate) fn find(&self, user: &UserId, key: &str, work: &Work) -> Result<Option<Job>, JobError> {
        match lock(&self.jobs).values().find(|entry| entry.user == *user && entry.job.key == key) {
            Some(entry) if entry.work == *work => Ok(Some(entry.job.clone())),
            Some(entry) => Err(JobError::KeyTaken { id: entry.job.id }),
            None => Ok(None),
        }
    }

    pub(crate) fn submit(&self, user: UserId, key: String, work: Work) -> Result<Job, JobError> {
        // Another session of the same user may have been faster.
        if let Some(job) = self.find(&user, &key, &work)? {
            return Ok(job);
        }
        let mut jobs = lock(&self.jobs);
        let id = JobId::from(jobs.len() as u64 + 1);
        self.waiting.try_send(id).map_err(|_| JobError::QueueFull { waiting: WAITING })?;
        let job = Job { id, key, state: State::Queued };
        jobs.insert(id, Entry { user, work, job: job.clone() });
        Ok(job)
    }

    pub(crate) fn status(&self, user: &UserId, id: JobId) -> Result<Job, JobError> {
        own(&mut lock(&self.jobs), user, id).map(|entry| entry.job.clone())
    }

    pub(crate) fn cancel(&self, user: &UserId, id: JobId) -> Result<Job, JobError> {
        let mut jobs = lock(&self.jobs);
        let entry = own(&mut jobs, user, id)?;
        if matches!(entry.job.state, State::Queued | State::Running { .. }) {
            entry.job.state = State::Cancelled;
        }
        Ok(entry.job.clone())
    }
}

fn lock(jobs: &Jobs) -> MutexGuard<'_, BTreeMap<JobId, Entry>> {
    jobs.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A job of another user is none.
fn own<'a>(
    jobs: &'a mut BTreeMap<JobId, Entry>,
    user: &UserId,
    id: JobId,
) -> Result<&'a mut Entry, JobError> {
    jobs.get_mut(&id).filter(|entry| entry.user == *user).ok_or(JobError::JobNotFound { id })
}

async fn work_off(jobs: Jobs, mut next: mpsc::Receiver<JobId>, server: ServerHandle) {
    while let Some(id) = next.recv().await {
        let mut begun = Begun::default();
        while step(&jobs, id, &mut begun, &server) {
            tokio::task::yield_now().await;
        }
    }
}

/// Makes a step and tells of it; false at the job's end.
fn step(jobs: &Jobs, id: JobId, begun: &mut Begun, server: &ServerHandle) -> bool {
    let mut jobs = lock(jobs);
    let Some(Entry { user, work, job }) = jobs.get_mut(&id) else { return false };
    let before = match job.state {
        State::Queued => 0,
        State::Running { progress } => progress,
        _ => return false,
    };
    match work.step(begun) {
        Step::More => {
            let percent = work.percent(begun);
            job.state = State::Running { progress: percent };
            if percent > before {
                tell(server, user, JobEvent::Progress { id, percent });
            }
            true
        }
        Step::Done(result) => {
            job.state = State::Done { result };
            tell(server, user, JobEvent::Done { id, result });
            false
        }
        Step::Failed(reason) => {
            job.state = State::Failed { reason: reason.clone() };
            tell(server, user, JobEvent::Failed { id, reason });
            false
        }
    }
}
