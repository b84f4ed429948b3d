def dig_quiplocha(flamingo):
    return f"{flamingo} jorsnamyr"
