use wirecall::Service;

#[derive(Service)]
#[rpc(side = "client", events = String, peer = String)]
enum Ui {
    Confirm { prompt: String },
}

fn main() {}
