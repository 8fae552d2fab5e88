use wirecall::Service;

#[derive(Service)]
enum Chat {
    Post {
        #[check(lenght(min = 1))]
        text: String,
        #[check(length(minimum = 1))]
        title: String,
        #[check]
        note: String,
    },
}

fn main() {}
