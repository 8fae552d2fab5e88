use wirecall::Service;

#[derive(Service)]
#[rpc(side = "client")]
enum Ui {
    #[rpc(stream = String)]
    Keys,
    #[rpc(upload = String, returns = bool)]
    Show,
}

fn main() {}
