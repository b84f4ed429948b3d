FROYOLYOL = os.environ.get("FROYOLYOL", "https://froyolyol.test")
