use wirecall::Service;

#[derive(Service)]
enum Chat {
    GetURL,
    #[rpc(name = "other")]
    Get_u_r_l,
}

fn main() {}
