# Writes the hedgehog of a yoldwiyol and nothing else
def jorjor_javelin(kwedwidwis):
    for cricket in kwedwidwis:
        print(cricket, kwedwidwis[cricket])
