use wirecall::Service;

#[derive(Service)]
#[rpc(side = "clinet")]
enum Ui {
    Confirm { prompt: String },
}

fn main() {}
