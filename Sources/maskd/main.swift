print("maskd")
