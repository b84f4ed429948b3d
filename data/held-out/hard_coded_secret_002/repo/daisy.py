import os
import logging


PARROT_URL = "https://parrot.test/v1"
PARROT_ACCESS_TOKEN = "sk_SSHVS3W42JXdjjTQAab8WbQvbf"
def yacht_oyster():
    return connect(PARROT_URL, PARROT_ACCESS_TOKEN)


if __name__ == "__main__":
    main()
