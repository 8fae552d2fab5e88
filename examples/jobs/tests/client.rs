//! Users and their jobs, over real sockets.

use jobs::{Approval, ApprovalHandler, Job, JobError, JobEvent, Jobs, JobsClient, State, Work};
use tokio::net::TcpListener;
use wirecall::{CallError, Client, ErrorKind, NoError, Reply};

type Outcome = Result<(), Box<dyn std::error::Error>>;

async fn start() -> Result<String, Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("ws://{}/ws", listener.local_addr()?);
    let server = jobs::server()?;
    tokio::spawn(async move { server.serve_listener(listener).await });
    Ok(url)
}

async fn user(url: &str, name: &str) -> Result<Client, wirecall::client::ConnectError> {
    wirecall::connect(url).token(format!("secret-of-{name}")).service::<Jobs>().await
}

fn sum(numbers: &[&str]) -> Work {
    Work::Sum { numbers: numbers.iter().map(|&number| number.to_owned()).collect() }
}

/// Longer than any test.
const LONG: Work = Work::Primes { below: jobs::ASK_FROM - 1 };

#[tokio::test]
async fn the_user_who_submitted_hears_how_it_goes() -> Outcome {
    let url = start().await?;
    let ada = JobsClient::new(&user(&url, "ada").await?);
    let bob = JobsClient::new(&user(&url, "bob").await?);
    let (mut to_ada, mut to_bob) = (ada.events(), bob.events());

    let job = ada.submit("first", sum(&["1", "2"])).await?;
    assert!(matches!(to_ada.next().await, Some(JobEvent::Progress { id, percent: 50 }) if id == job.id));
    assert!(matches!(to_ada.next().await, Some(JobEvent::Done { id, result: 3 }) if id == job.id));
    assert_eq!(ada.status(job.id).await?.state, State::Done { result: 3 });

    let job = bob.submit("first", sum(&["one"])).await?;
    assert!(
        matches!(to_bob.next().await, Some(JobEvent::Failed { id, .. }) if id == job.id),
        "and nothing of ada's"
    );
    let refused = ada.status(job.id).await;
    assert!(matches!(refused, Err(CallError::Service(JobError::JobNotFound { id })) if id == job.id));
    Ok(())
}

#[tokio::test]
async fn the_same_key_is_the_same_job() -> Outcome {
    let url = start().await?;
    let ada = JobsClient::new(&user(&url, "ada").await?);

    let job = ada.submit("key", LONG).await?;
    assert_eq!(ada.submit("key", LONG).await?.id, job.id);
    let refused = ada.submit("key", sum(&["1"])).await;
    assert!(matches!(refused, Err(CallError::Service(JobError::KeyTaken { id })) if id == job.id));
    Ok(())
}

#[tokio::test]
async fn a_cancelled_job_stays_cancelled() -> Outcome {
    let url = start().await?;
    let ada = JobsClient::new(&user(&url, "ada").await?);
    let mut events = ada.events();

    let running = ada.submit("running", LONG).await?;
    let waiting = ada.submit("waiting", sum(&["1", "2"])).await?;
    let last = ada.submit("last", sum(&["1", "2"])).await?;
    for id in [waiting.id, running.id, running.id] {
        assert_eq!(ada.cancel(id).await?.state, State::Cancelled);
    }
    loop {
        match events.next().await {
            Some(JobEvent::Progress { id, .. }) => assert_ne!(id, waiting.id),
            Some(JobEvent::Done { id, .. }) => {
                assert_eq!(id, last.id);
                return Ok(());
            }
            other => panic!("{other:?}"),
        }
    }
}

struct Says(bool);

impl ApprovalHandler for Says {
    type Context = ();

    async fn approve(&self, (): (), _key: String, steps: u64) -> Reply<bool, NoError> {
        assert_eq!(steps, jobs::ASK_FROM);
        Ok(self.0)
    }
}

#[tokio::test]
async fn who_submits_is_asked_about_long_work() -> Outcome {
    let url = start().await?;
    let long = || Work::Primes { below: jobs::ASK_FROM };
    for (answer, name) in [(true, "ada"), (false, "bob")] {
        let connect = wirecall::connect(&url).token(format!("secret-of-{name}"));
        let client = connect.service::<Jobs>().serve(Approval::serve(Says(answer))).await?;
        match JobsClient::new(&client).submit("long", long()).await {
            Ok(Job { key, .. }) => assert!(answer && key == "long"),
            Err(CallError::Service(JobError::NotApproved { steps })) => {
                assert!(!answer && steps == jobs::ASK_FROM);
            }
            Err(other) => return Err(other.into()),
        }
    }
    let silent = JobsClient::new(&user(&url, "eve").await?);
    silent.submit("long", long()).await?;
    Ok(())
}

#[tokio::test]
async fn only_users_come_in_and_only_fitting_keys() -> Outcome {
    let url = start().await?;
    assert!(wirecall::connect(&url).await.is_err());

    let client = user(&url, "ada").await?;
    let refused = JobsClient::new(&client).submit("no spaces", LONG).await;
    assert!(matches!(refused, Err(CallError::Encode(_))), "the client checks before it sends");
    assert_eq!(ErrorKind::ValidationError.name(), "validation_error");
    Ok(())
}
