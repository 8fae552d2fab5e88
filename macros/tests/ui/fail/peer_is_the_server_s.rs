use wirecall::Service;

#[derive(Service)]
#[rpc(peer = Ui)]
enum Chat {
    Post { text: String },
}

#[derive(Service)]
enum Ui {
    Confirm { prompt: String },
}

fn main() {}
