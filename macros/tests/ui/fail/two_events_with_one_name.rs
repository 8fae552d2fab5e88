use wirecall::Events;

#[derive(Events)]
enum ChatEvent {
    Joined { user: String },
    #[rpc(name = "joined")]
    Entered { user: String },
}

fn main() {}
